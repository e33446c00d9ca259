# Receives a gzip'd tar archive and moves what is in it to where it belongs, whole.
LC_ALL=C
export LC_ALL
umask 077
edgekit_folder=$1 edgekit_place=$1/incoming/$2 edgekit_lines=$3
shift 3
trap 'rm -rf "$edgekit_place" "$edgekit_place.gzip"' 0
trap 'exit 1' HUP INT TERM PIPE
mkdir "$edgekit_place" || exit 1
{ gzip -dc; echo $? >"$edgekit_place.gzip"; } | tar -C "$edgekit_place" -xf - || exit 1
read -r edgekit_unpacked <"$edgekit_place.gzip"
[ "$edgekit_unpacked" = 0 ] || exit 1
cd "$edgekit_place" || exit 1
edgekit_found=$(find . -type f | wc -l)
if [ "$((edgekit_found))" -ne "$edgekit_lines" ]; then
  echo "incomplete: $((edgekit_found)) of $edgekit_lines files" >&2
  exit 1
fi
edgekit_folders=
for edgekit_name do
  if [ -d "$edgekit_name" ]; then edgekit_folders=yes; continue; fi
  edgekit_sum=$(sha256sum "$edgekit_name")
  [ "${edgekit_sum%% *}" = "$edgekit_name" ] || { echo "damaged: $edgekit_name" >&2; exit 1; }
done
# files are looked at again before they are used, folders are not: they must survive a power cut from here on
[ -z "$edgekit_folders" ] || sync
for edgekit_name do
  rm -rf "$edgekit_folder/blobs/$edgekit_name"
  mv "$edgekit_name" "$edgekit_folder/blobs/$edgekit_name" || exit 1
done
