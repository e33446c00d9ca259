#!/bin/busybox sh
# The first program of an emulated board. It prepares the system, then is edgekit's agent there: it runs one
# command at a time and answers on a serial line of its own. See channel.py for what is said.

/bin/busybox mkdir -p /bin /dev /proc /sys /tmp
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
cd /tmp || exit

exec 3<>/dev/ttyAMA0
stty raw -echo <&3

# Packed last: where it is missing, the memory did not suffice to unpack everything.
if [ ! -e /edgekit/whole ]; then
  echo "edgekit: the files could not be unpacked: out of memory" >/dev/console
  exit 1
fi

hash() { sha256sum "$1" | cut -d' ' -f1; }

encoded() { echo "=$(base64 -w 0 "$1") $(hash "$1")"; }

echo ready >&3
while read -r verb number digest size <&3; do
  [ "$verb" = run ] || continue
  head -c "$size" <&3 >request
  if [ "$(hash request)" != "$digest" ]; then
    echo "garbled $number" >&3
    continue
  fi
  sed -n 1p request | base64 -d >"command"
  # Held open by this shell, a command's input does not end before the command.
  rm -f input && mkfifo input && exec 4<>input
  sed -n 2p request | base64 -d >&4 3>&- &
  env -i PATH=/bin HOME=/tmp TMPDIR=/tmp sh command <input >output 2>errors 3>&- 4>&-
  status=$?
  kill -KILL -1  # what the command left running; to the first process this does nothing
  exec 4>&-
  wait
  echo "done $number $status $(encoded output) $(encoded errors)" >&3
done
