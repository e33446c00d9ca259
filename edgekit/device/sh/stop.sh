# Ends the command that runs now, if it is the one with this token.
read -r process mark <"$1/running"
[ "$mark" = "$2" ] && stop "$process" "$mark"
exit 0
