# Holds the device: prints what it is, locks it, prepares it, and undoes that when its standard input ends or
# it is told to. Each line it prints is a word and what it is about.
#
# The lock is on the marker, a file in edgekit's folder, and the kernel gives it back however this process ends.
# The file itself only says who has it.
token=$1 who=$2 folder=$3 python=$4 governor=$5 fixed=$6 policies=$7 marker=$8
version='import sys; print("%d.%d" % sys.version_info[:2])'
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)

# shellcheck disable=SC2088 # what is compared was not expanded
case $folder in
  "~") folder=$HOME ;;
  "~/"*) folder=$HOME/${folder#??} ;;
  /*) ;;
  *) folder=$HOME/$folder ;;
esac
# shellcheck disable=SC2088
case $python in "~/"*) python=$HOME/${python#??} ;; esac

fail() { # word: what cannot be done; standard error says why
  echo "$1"
  exit 1
}

claim() { # an empty folder
  mkdir -p "$folder" && chmod 700 "$folder" && true >>"$folder/$marker"
}

make() { # the folder, unless it is somebody else's
  [ -f "$folder/$marker" ] && return
  # looked for again: another edgekit may just have made it
  if [ "$folder" -ef "$HOME" ] || { [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ] && [ ! -f "$folder/$marker" ]; }
  then
    fail "foreign"
  fi
  # again: an edgekit that cleans may have just removed it
  claim || claim || fail "unmade"
}

ours() { # whether the file that is locked is still the one that others look at
  [ "/proc/$$/fd/9" -ef "$folder/$marker" ]
}

lock() { # the device, if it is free
  if ! command exec 9>>"$folder/$marker"; then
    [ -f "$folder/$marker" ] || return 1 # it was removed again
    fail "unmade"
  fi
  # 3: some shells hand on no descriptor that they have opened for themselves
  said=$(flock -n 3 3>&9 2>&1) && ours && return
  [ -z "$said" ] || { echo "$said" >&2; fail "unmade"; }
  return 1
}

owner() { # read who has the device
  pid='' mark='' since='' name=''
  { read -r pid; read -r mark; read -r since; read -r name; } <"$folder/$marker"
} 2>/dev/null

set_governor() { # file, governor
  if [ -w "$1" ]; then echo "$2" >"$1"; else echo "$2" | sudo -n tee "$1" >/dev/null; fi
} 2>/dev/null

fixed_mode() {
  cmd power set-fixed-performance-mode-enabled "$1" </dev/null >/dev/null 2>&1
}

restore() { # what this holder, or one that was killed, has changed since the device was started
  [ -f "$folder/restore" ] || return 0
  {
    read -r started
    [ "$started" = "$boot" ] && while read -r old file; do
      if [ "$old" = - ]; then fixed_mode false; else set_governor "$file" "$old"; fi
    done
  } <"$folder/restore"
  rm -f "$folder/restore"
}

prepare() {
  echo "$boot" >"$folder/restore"
  for file in "$policies"/policy*/scaling_governor; do
    [ -n "$governor" ] || break
    old=$(cat "$file" 2>/dev/null) || { echo "ungoverned"; break; }
    [ "$old" = "$governor" ] && continue
    echo "$old $file" >>"$folder/restore"
    set_governor "$file" "$governor"
    [ "$(cat "$file")" = "$governor" ] || echo "kept $old"
  done
  if [ -n "$fixed" ]; then
    echo "- fixed" >>"$folder/restore"
    fixed_mode true || echo "unfixed"
  fi
}

leave() {
  trap '' HUP INT TERM PIPE
  restore
  if ours; then true >"$folder/$marker"; fi
  exit 0
}

echo "edgekit $token"
echo "home $HOME"
echo "machine $(uname -m)"
echo "boot $boot"
command -v flock >/dev/null || fail "lockless"
make
if [ -n "$python" ]; then
  echo "python $("$python" -I -S -c "$version" </dev/null 2>/dev/null)"
fi

until make && lock; do
  owner
  if [ "$mark" = "$token" ]; then
    stop "$pid" "$mark" # the same edgekit, whose connection was lost
    sleep 0.1
  else
    echo "busy $(date +%s) ${since:--} ${pid:--} ${name:-another edgekit}"
    sleep 1
  fi
done
trap leave HUP INT TERM PIPE
printf '%s\n' "$$" "$token" "$(date +%s)" "$who" >"$folder/$marker" || { echo "unmade"; leave; }
if [ -f "$folder/running" ]; then
  read -r process mark <"$folder/running"
  stop "$process" "$mark"
fi
restore
rm -rf "$folder/incoming" "$folder/tmp"
mkdir -p "$folder/blobs" "$folder/incoming" "$folder/tmp" || { echo "unmade"; leave; }
prepare
echo "ok"
while read -r word; do
  [ "$word" = clean ] || continue
  restore
  # it may be a link to somewhere else
  [ -f "$folder/$marker" ] && cd -P "$folder" && real=$PWD && cd / || exit 1
  freed=$(du -sk "$real")
  # the marker last: until then the folder is edgekit's, and after that empty; another one may already use it
  rm -rf "${real:?}"/* && rm -rf "${real:?}"/.[!.]* && echo "freed $freed"
  rmdir "$real" 2>/dev/null
  [ ! -h "$folder" ] || rm -f "$folder"
  exit 0
done
leave
