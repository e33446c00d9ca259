"""What runs on a Unix device, in POSIX sh, with what Debian, busybox and Android's toybox have in common.

Nothing is ever put into these texts: they read their arguments. A process is recognised by its token, a
random word among its arguments, so that a number that was given to another process is never mistaken.
"""

MARKER = ".edgekit"  # in a folder that edgekit made and may remove

_COMMON = """
LC_ALL=C
export LC_ALL
umask 077
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)

alive() { # process, token, boot: whether that process still runs
  [ -n "$1" ] && [ "$3" = "$boot" ] && [ -d "/proc/$1" ] || return 1
  tr '\\0' '\\n' <"/proc/$1/cmdline" 2>/dev/null | grep -qxF "$2"
}

stop() { # process, token: end it and its group
  [ -n "$1" ] || return 0
  # a group outlives its leader, and its number is given to nobody while it does
  if [ -d "/proc/$1" ]; then alive "$1" "$2" "$boot" || return 0; fi
  kill -KILL "-$1" || kill -KILL "$1"
  tries=0
  while { kill -0 "-$1" || kill -0 "$1"; } && [ "$tries" -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
} 2>/dev/null
"""

# Runs any command. Standard output begins with the token, so that what a login shell says before it can be
# told apart; standard error ends with the token and the status, so that a lost connection can be.
RUN = """
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
"""

# Ends the command that runs now, if it is the one with this token.
STOP = (
    _COMMON
    + """
read -r process mark <"$1/running"
[ "$mark" = "$2" ] && stop "$process" "$mark"
exit 0
"""
)

# Holds the device: prints what it is, takes the lock, prepares it, and undoes that when its standard input
# ends or it is told to. Each line it prints is a word and what it is about.
HOLD = (
    _COMMON
    + """
token=$1 who=$2 folder=$3 python=$4 governor=$5 fixed=$6 policies=$7 marker=$8
version='import sys; print("%d.%d" % sys.version_info[:2])'

case $folder in
  "~") folder=$HOME ;;
  "~/"*) folder=$HOME/${folder#??} ;;
  /*) ;;
  *) folder=$HOME/$folder ;;
esac
case $python in "~/"*) python=$HOME/${python#??} ;; esac

make() { # the folder, unless it is somebody's
  [ -f "$folder/$marker" ] && return
  if [ "$folder" -ef "$HOME" ] || { [ -d "$folder" ] && [ -n "$(ls -A "$folder")" ]; }; then
    echo "foreign"
    exit 1
  fi
  { mkdir -p "$folder" && chmod 700 "$folder" && : >"$folder/$marker"; } || { echo "unmade"; exit 1; }
}

take() { # the lock, if it is free; whoever has it writes its name into it
  mkdir "$folder/lock" 2>/dev/null || return 1
  printf '%s\\n' "$$" "$token" "$boot" "$(date +%s)" "$who" >"$folder/lock/new" &&
    mv "$folder/lock/new" "$folder/lock/holder" && return 0
  rm -rf "$folder/lock"
  echo "unmade"
  exit 1
}

owner() { # read who has the lock, if anybody
  pid='' mark='' theirs='' since='' name=''
  [ -f "$folder/lock/holder" ] || return 0
  { read -r pid; read -r mark; read -r theirs; read -r since; read -r name; } <"$folder/lock/holder"
} 2>/dev/null

remove_stale() { # one at a time, and only once its owner has been looked at again
  mkdir "$folder/takeover" 2>/dev/null || return
  owner
  if [ "$mark" = "$token" ]; then stop "$pid" "$mark"; fi
  alive "$pid" "$mark" "$theirs" || rm -rf "$folder/lock"
  rmdir "$folder/takeover"
}

set_governor() { # file, governor
  if [ -w "$1" ]; then echo "$2" >"$1"; else echo "$2" | sudo -n tee "$1" >/dev/null; fi
} 2>/dev/null

fixed_mode() {
  cmd power set-fixed-performance-mode-enabled "$1" </dev/null >/dev/null 2>&1
}

restore() { # what this holder, or one that was killed, has changed since the device was started
  [ -f "$folder/restore" ] || return 0
  {
    read -r then
    [ "$then" = "$boot" ] && while read -r old file; do
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
  owner
  if [ "$mark" = "$token" ] && [ "$pid" = "$$" ]; then rm -rf "$folder/lock"; fi
  exit 0
}

echo "edgekit $token"
echo "home $HOME"
echo "machine $(uname -m)"
echo "boot $boot"
make
if [ -n "$python" ]; then
  echo "python $("$python" -I -S -c "$version" </dev/null 2>/dev/null)"
fi

unclear=0
until make && take; do
  owner
  if [ -n "$pid" ] && [ "$mark" != "$token" ] && alive "$pid" "$mark" "$theirs"; then
    unclear=0
    echo "busy $(date +%s) $since $pid $name"
    sleep 1
    continue
  fi
  # somebody is taking it, which a busy device makes slow, or was killed while it had it or was taking it
  unclear=$((unclear + 1))
  if [ "$unclear" -ge 30 ]; then
    rmdir "$folder/takeover" 2>/dev/null
    [ -d "$folder/lock" ] || mkdir "$folder/lock" || { echo "unmade"; exit 1; }
  fi
  if [ -n "$pid" ] || [ "$unclear" -ge 30 ]; then remove_stale; fi
  sleep 0.1
done
trap leave HUP INT TERM PIPE
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
  rm -rf "$real" "$folder" && echo "freed $freed"
  exit 0
done
leave
"""
)

# Prints what there is of what is wanted, then how much room.
LIST = """
LC_ALL=C
export LC_ALL
folder=$1
shift
cd "$folder/blobs" || exit 1
files=''
for name do
  if [ -d "$name" ]; then echo "$name folder"; elif [ -f "$name" ]; then files="$files $name"; fi
done
# names are hexadecimal digits
if [ -n "$files" ]; then sha256sum $files; fi
df -Pk "$folder"
"""

# Receives a gzip'd tar archive and moves what is in it to where it belongs, whole.
RECEIVE = """
LC_ALL=C
export LC_ALL
umask 077
folder=$1 place=$1/incoming/$2 lines=$3
shift 3
trap 'rm -rf "$place" "$place.gzip"' 0
trap 'exit 1' HUP INT TERM PIPE
mkdir "$place" || exit 1
{ gzip -dc; echo $? >"$place.gzip"; } | tar -C "$place" -xf - || exit 1
read -r unpacked <"$place.gzip"
[ "$unpacked" = 0 ] || exit 1
cd "$place" || exit 1
found=$(find . -type f | wc -l)
[ "$((found))" -eq "$lines" ] || { echo "incomplete: $((found)) of $lines files" >&2; exit 1; }
folders=
for name do
  if [ -d "$name" ]; then folders=yes; continue; fi
  sum=$(sha256sum "$name")
  [ "${sum%% *}" = "$name" ] || { echo "damaged: $name" >&2; exit 1; }
done
# files are looked at again before they are used, folders are not: they must survive a power cut from here on
[ -z "$folders" ] || sync
for name do
  rm -rf "$folder/blobs/$name"
  mv "$name" "$folder/blobs/$name" || exit 1
done
"""
