. /do/domu-lib.sh
create one
inside "something to read" one 'head -c 100000 /dev/urandom >/tmp/kept'
for round in 1 2 3 4 5 6 7 8; do
say "wrong: $(answer one 'want=$(sha256sum </tmp/kept); n=0; bad=0; while [ $n -lt 40 ]; do n=$((n+1)); [ "$(sha256sum </tmp/kept)" = "$want" ] || bad=$((bad+1)); done; echo "$bad of $n"')"
done
check "xl shutdown" timeout 60 xl shutdown -w one
