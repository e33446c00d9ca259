# Ends the command that runs now, if it is the one with this mark.
edgekit_running=$1/running edgekit_process='' edgekit_mark=''
read -r edgekit_process edgekit_mark <"$edgekit_running"
[ "$edgekit_mark" = "$2" ] && edgekit_stop "$edgekit_process" "$edgekit_mark"
exit 0
