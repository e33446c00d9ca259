# Prints which of the wanted payloads are there, then how much room there is.
LC_ALL=C
export LC_ALL
edgekit_folder=$1
shift
cd "$edgekit_folder/blobs" || exit 1
edgekit_files=''
for edgekit_name do
  if [ -d "$edgekit_name" ]; then
    echo "$edgekit_name folder"
  elif [ -f "$edgekit_name" ]; then
    edgekit_files="$edgekit_files $edgekit_name"
  fi
done
# shellcheck disable=SC2086 # names are hexadecimal digits
if [ -n "$edgekit_files" ]; then sha256sum $edgekit_files; fi
df -Pk "$edgekit_folder"
