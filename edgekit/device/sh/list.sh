# Prints which of the wanted payloads are there, then how much room there is.
LC_ALL=C
export LC_ALL
folder=$1
shift
cd "$folder/blobs" || exit 1
files=''
for name do
  if [ -d "$name" ]; then echo "$name folder"; elif [ -f "$name" ]; then files="$files $name"; fi
done
# shellcheck disable=SC2086 # names are hexadecimal digits
if [ -n "$files" ]; then sha256sum $files; fi
df -Pk "$folder"
