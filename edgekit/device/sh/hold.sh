# Holds the device: prints what it is, locks it, prepares it, and undoes that when its standard input ends or
# it is told to. Each line it prints is a word and what it is about.
#
# The lock is on the marker, a file in edgekit's folder, and the kernel gives it back however this process ends.
# The file itself only says who has it.
edgekit_who=$1 edgekit_folder=$2 edgekit_python=$3 edgekit_governor=$4 edgekit_fixed=$5 edgekit_policies=$6
edgekit_marker=$7 edgekit_token=$8
edgekit_version='import sys; print("%d.%d" % sys.version_info[:2])'
edgekit_boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)

# shellcheck disable=SC2088 # what is compared was not expanded
case $edgekit_folder in
  "~") edgekit_folder=$HOME ;;
  "~/"*) edgekit_folder=$HOME/${edgekit_folder#??} ;;
  /*) ;;
  *) edgekit_folder=$HOME/$edgekit_folder ;;
esac
# shellcheck disable=SC2088
case $edgekit_python in "~/"*) edgekit_python=$HOME/${edgekit_python#??} ;; esac

edgekit_fail() { # word: what cannot be done; standard error says why
  echo "$1"
  exit 1
}

edgekit_claim() { # an empty folder
  mkdir -p "$edgekit_folder" && chmod 700 "$edgekit_folder" && true >>"$edgekit_folder/$edgekit_marker"
}

edgekit_make() { # the folder, unless it is somebody else's
  [ -f "$edgekit_folder/$edgekit_marker" ] && return
  # looked for again: another edgekit may just have made it
  [ ! "$edgekit_folder" -ef "$HOME" ] || edgekit_fail "foreign"
  if [ -d "$edgekit_folder" ] && [ -n "$(ls -A "$edgekit_folder")" ]; then
    [ -f "$edgekit_folder/$edgekit_marker" ] || edgekit_fail "foreign"
  fi
  # again: an edgekit that cleans may have just removed it
  edgekit_claim || edgekit_claim || edgekit_fail "unmade"
}

edgekit_ours() { # whether the file that is locked is still the one that others look at
  [ "/proc/$$/fd/9" -ef "$edgekit_folder/$edgekit_marker" ]
}

edgekit_lock() { # the device, if it is free
  if ! command exec 9>>"$edgekit_folder/$edgekit_marker"; then
    [ -f "$edgekit_folder/$edgekit_marker" ] || return 1 # it was removed again
    edgekit_fail "unmade"
  fi
  # 3: some shells hand on no descriptor that they have opened for themselves
  edgekit_said=$(flock -n 3 3>&9 2>&1) && edgekit_ours && return
  [ -z "$edgekit_said" ] || { echo "$edgekit_said" >&2; edgekit_fail "unmade"; }
  return 1
}

edgekit_owner() { # read who has the device
  edgekit_pid='' edgekit_mark='' edgekit_since='' edgekit_name=''
  {
    read -r edgekit_pid
    read -r edgekit_mark
    read -r edgekit_since
    read -r edgekit_name
  } <"$edgekit_folder/$edgekit_marker"
} 2>/dev/null

edgekit_set_governor() { # file, governor
  if [ -w "$1" ]; then echo "$2" >"$1"; else echo "$2" | sudo -n tee "$1" >/dev/null; fi
} 2>/dev/null

edgekit_fixed_mode() {
  cmd power set-fixed-performance-mode-enabled "$1" </dev/null >/dev/null 2>&1
}

edgekit_restore() { # what this holder, or one that was killed, has changed since the device was started
  [ -f "$edgekit_folder/restore" ] || return 0
  {
    read -r edgekit_started
    [ "$edgekit_started" = "$edgekit_boot" ] && while read -r edgekit_old edgekit_file; do
      if [ "$edgekit_old" = - ]; then edgekit_fixed_mode false; continue; fi
      edgekit_set_governor "$edgekit_file" "$edgekit_old"
    done
  } <"$edgekit_folder/restore"
  rm -f "$edgekit_folder/restore"
}

edgekit_prepare() {
  echo "$edgekit_boot" >"$edgekit_folder/restore"
  for edgekit_file in "$edgekit_policies"/policy*/scaling_governor; do
    [ -n "$edgekit_governor" ] || break
    edgekit_old=$(cat "$edgekit_file" 2>/dev/null) || { echo "ungoverned"; break; }
    [ "$edgekit_old" = "$edgekit_governor" ] && continue
    echo "$edgekit_old $edgekit_file" >>"$edgekit_folder/restore"
    edgekit_set_governor "$edgekit_file" "$edgekit_governor"
    [ "$(cat "$edgekit_file")" = "$edgekit_governor" ] || echo "kept $edgekit_old"
  done
  if [ -n "$edgekit_fixed" ]; then
    echo "- fixed" >>"$edgekit_folder/restore"
    edgekit_fixed_mode true || echo "unfixed"
  fi
}

edgekit_leave() {
  trap '' HUP INT TERM PIPE
  edgekit_restore
  if edgekit_ours; then true >"$edgekit_folder/$edgekit_marker"; fi
  exit 0
}

echo "home $HOME"
echo "machine $(uname -m)"
echo "boot $edgekit_boot"
command -v flock >/dev/null || edgekit_fail "lockless"
edgekit_make
if [ -n "$edgekit_python" ]; then
  echo "python $("$edgekit_python" -I -S -c "$edgekit_version" </dev/null 2>/dev/null)"
fi

until edgekit_make && edgekit_lock; do
  edgekit_owner
  if [ "$edgekit_mark" = "$edgekit_token" ]; then
    edgekit_stop "$edgekit_pid" "$edgekit_mark" # the same edgekit, whose connection was lost
    sleep 0.1
  else
    echo "busy $(date +%s) ${edgekit_since:--} ${edgekit_pid:--} ${edgekit_name:-another edgekit}"
    sleep 1
  fi
done
trap edgekit_leave HUP INT TERM PIPE
printf '%s\n' "$$" "$edgekit_token" "$(date +%s)" "$edgekit_who" >"$edgekit_folder/$edgekit_marker" ||
  { echo "unmade"; edgekit_leave; }
if [ -f "$edgekit_folder/running" ]; then
  read -r edgekit_process edgekit_mark <"$edgekit_folder/running"
  edgekit_stop "$edgekit_process" "$edgekit_mark"
fi
edgekit_restore
rm -rf "$edgekit_folder/incoming" "$edgekit_folder/tmp"
mkdir -p "$edgekit_folder/blobs" "$edgekit_folder/incoming" "$edgekit_folder/tmp" ||
  { echo "unmade"; edgekit_leave; }
edgekit_prepare
echo "ok"
while read -r edgekit_word; do
  [ "$edgekit_word" = clean ] || continue
  edgekit_restore
  # it may be a link to somewhere else
  [ -f "$edgekit_folder/$edgekit_marker" ] || exit 1
  cd -P "$edgekit_folder" && edgekit_real=$PWD && cd / || exit 1
  edgekit_freed=$(du -sk "$edgekit_real")
  # the marker last: until then the folder is edgekit's, and after that empty; another one may already use it
  rm -rf "${edgekit_real:?}"/* && rm -rf "${edgekit_real:?}"/.[!.]* && echo "freed $edgekit_freed"
  rmdir "$edgekit_real" 2>/dev/null
  [ ! -h "$edgekit_folder" ] || rm -f "$edgekit_folder"
  exit 0
done
edgekit_leave
