# What every script begins with, whatever the start-up files of a login shell have exported.
# The names of our variables begin as nobody else's do.
set +euCfx
unset -f cat cd chmod command cut date df du echo find flock grep gzip head kill ls mkdir mv printf pwd read
unset -f rm rmdir sha256sum sleep sudo sync tar tee test tr true umask uname wc
unset CDPATH GREP_OPTIONS TAR_OPTIONS GZIP
