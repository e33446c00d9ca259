# Runs any command. Standard output begins with the token, so that it can be told from what a login
# shell prints before; standard error ends with the token and the status, so that a lost connection shows.
folder=$1 token=$2
shift 2
echo "$token"
cd "$folder/tmp" || { { echo; echo "$token gone"; } >&2; exit 1; }
echo "$$ $token" >"$folder/running"
TMPDIR=$folder/tmp
export TMPDIR
"$@"
status=$?
: >"$folder/running"
{ echo; echo "$token $status"; } >&2
kill -KILL "-$$" 2>/dev/null
exit 0
