# What hold.sh and stop.sh have in common.
LC_ALL=C
export LC_ALL
umask 077

edgekit_stop() { # process, token: end it and its group
  [ -n "$1" ] || return 0
  # a group outlives its leader, and its number is given to nobody while it does; a leader that has died, but
  # whose end nobody has taken note of yet, says nothing
  if edgekit_line=$(tr '\0' '\n' <"/proc/$1/cmdline") && [ -n "$edgekit_line" ]; then
    printf '%s\n' "$edgekit_line" | grep -qF "edgekit-$2" || return 0
  fi
  kill -KILL "-$1" || kill -KILL "$1"
  edgekit_tries=0
  while { kill -0 "-$1" || kill -0 "$1"; } && [ "$edgekit_tries" -lt 50 ]; do
    sleep 0.1
    edgekit_tries=$((edgekit_tries + 1))
  done
} 2>/dev/null

