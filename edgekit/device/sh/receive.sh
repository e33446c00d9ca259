# Receives a gzip'd tar archive and moves what is in it to where it belongs, whole.
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
