# Runs any command. Standard error ends with the mark and the status, so that a lost connection shows.
edgekit_folder=$1 edgekit_mark=$2
shift 2
cd "$edgekit_folder/tmp" || { { echo; echo "$edgekit_mark gone"; } >&2; exit 1; }

# The group is led by the login shell, unless that has become this process.
edgekit_group=$$
read -r edgekit_leader <"/proc/$$/stat"
edgekit_leader=${edgekit_leader##*) } # state, parent, group
edgekit_leader=${edgekit_leader#* * }
edgekit_leader=${edgekit_leader%% *}
if [ "$edgekit_leader" != "$$" ] && tr '\0' '\n' <"/proc/$edgekit_leader/cmdline" | grep -qF "edgekit-$edgekit_mark"
then edgekit_group=$edgekit_leader; fi 2>/dev/null
echo "$edgekit_group $edgekit_mark" >"$edgekit_folder/running"
TMPDIR=$edgekit_folder/tmp
export TMPDIR
"$@"
edgekit_status=$?
: >"$edgekit_folder/running"
{ echo; echo "$edgekit_mark $edgekit_status"; } >&2
kill -KILL "-$edgekit_group" 2>/dev/null
exit 0
