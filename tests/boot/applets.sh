# What tests/boot/applets.t runs by BusyBox's shell, on Pleat and on Linux, in an empty directory:
# each case prints a line with its name, what the commands print, and their status.
t()
{
	echo "=== $1"
	(eval "$2") >"$output" 2>&1 </dev/null
	status=$?
	sed "s,[^ ]*/applets.sh,applets.sh,; s,[^ ]*/work/,./," "$output"
	echo "status $status"
}

umask 022
output=$(mktemp)
printf 'pear 3\napple 10\nfig 2\napple 9\n\nquince 7\n' >fruit
seq 1 200 >numbers
i=0
while [ $i -lt 400 ]; do
	echo "line $i of some text, $((i * 7919 % 1000))"
	i=$((i + 1))
done >text
mkdir -p tree/a/b tree/c
echo one >tree/one; echo two >tree/a/two; echo three >tree/a/b/three
ln -s ../one tree/c/link; ln tree/one tree/c/hard; chmod 640 tree/a/two
old='tree/one tree/a/two tree/a/b/three tree/a/b tree/a tree/c tree fruit'
touch -d '2020-02-03 04:05:06' $old

t ash 'f() { local x=$1; shift; echo "$x:$*:$#"; }; f a b c; for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done; case abc in a*) echo A;; esac; x=abcdef; echo ${x#ab} ${x%ef} ${#x} ${y:-none} $((7 * 6))'
t ash-here-document 'cat <<E
$((1 + 1)) `echo two`
E'
t ash-trap-and-signal 'sh -c "trap \"echo caught\" USR1; kill -USR1 \$\$; echo after"; sh -c "kill -TERM \$\$"'
t ash-pipe-status 'false | true; echo $?; true | sh -c "exit 7"'
t ash-background-and-wait 'sh -c "sleep 0.05; exit 9" & wait $!'
t ash-redirections 'exec 3>three; echo x >&3; exec 3>&-; cat three; echo y >>three; cat <three; cat nosuch; echo z >nodir/z'
t ash-read 'printf "a b c\nd\n" | while read x y; do echo "$y,$x"; done'
t ash-ulimit 'ulimit -n 64; ulimit -n; ulimit -S -c 0; ulimit -c'
t ash-umask '(umask 077; : >masked; stat -c %a masked; umask)'
t awk 'awk "{ s[\$1] += \$2 } END { for (k in s) if (k) print k, s[k] }" fruit | sort; awk "BEGIN { printf \"%.3f %d %s\\n\", sin(1), 42.9, substr(\"hello\", 2, 3) }"'
t awk-pipes 'awk "{ print \$2 | \"sort -n\" }" fruit; awk "BEGIN { \"echo from\" | getline x; print x; system(\"exit 3\") }"'
t ar 'echo m >m1; ar -rc lib.a m1 fruit 2>/dev/null; ar -t lib.a; ar -p lib.a m1'
t ascii 'ascii | head -n 5'
t base64 'base64 text | md5sum; base64 fruit | base64 -d | cmp - fruit'
t basename-dirname 'basename /a/b/c.txt .txt; dirname /a/b/c.txt; dirname x'
t bc 'echo "scale = 20; 2 ^ 100; sqrt(2); 1 / 7" | bc'
t bzip2 'bzip2 -k text; bzip2 -dc text.bz2 | cmp - text; bzcat text.bz2 | tail -n 1; rm text.bz2'
t cal 'cal 2 2024'
t cat 'cat fruit - nosuch <numbers | tail -n 2; cat -n fruit; cat -A fruit'
t chmod 'touch cm; for m in 644 u+x g=rwx o-r a+t 4755; do chmod $m cm; stat -c "%a %A" cm; done; chmod 644 nosuch; chmod -R g+w tree; find tree -type f -perm -g+w | sort'
t cmp 'cp text text2; echo >>text2; cmp text text2; cmp text text; cmp -s fruit text; cmp -l fruit numbers 2>&1 | head -n 3'
t cp 'cp -a tree copy; find copy | sort; stat -c "%n %a %h %Y" copy/one copy/a/two copy/a; readlink copy/c/link; cp tree other; cp nosuch x; cp -r tree/a copy2; ls copy2'
t cpio 'find tree | sort | cpio -o -H newc 2>/dev/null >tree.cpio; cpio -t <tree.cpio; mkdir out; (cd out; cpio -idm <../tree.cpio; find . | sort; stat -c "%n %a %h" tree/one tree/a/two)'
t crc32 'crc32 text fruit'
t cut 'cut -d" " -f2 fruit; cut -c1-3 fruit; cut -f1 -s fruit'
t date 'date -u -d @1000000000; date -u -d "2024-02-29 12:34:56" +%Y%j%H%M%S%u'
t dc 'echo "10 20 + 3 * p" | dc'
t dd 'dd if=text of=dd.out bs=100 skip=3 count=5 2>&1 | head -n 2; md5sum dd.out; dd if=fruit of=dd.out bs=1 seek=10 conv=notrunc 2>/dev/null; md5sum dd.out; dd if=/dev/zero bs=1k count=3 2>/dev/null | wc -c; dd if=nosuch'
t diff 'sed s/apple/plum/ fruit >fruit2; diff fruit fruit2; diff -u -L a -L b fruit fruit2; diff -q fruit text; diff -r tree copy; diff fruit fruit'
t dos2unix 'cp fruit dos; unix2dos dos; od -c dos | head -n 2; dos2unix dos; cmp dos fruit'
t du 'dd if=/dev/zero of=du.file bs=4096 count=5 2>/dev/null; du -k du.file; du -a -k du.file'
t echo 'echo -n a; echo -e "b\tc\\n"; echo $(echo x   y)'
t ed 'printf "2d\n1,2p\nw ed.out\nq\n" | ed fruit; md5sum ed.out'
t env 'env -i A=1 B=2 env | sort; env -i sh -c "echo \$A"; env nosuchprogram'
t expand 'printf "a\tb\n" | expand | od -c; echo "        x" | unexpand -a | od -c'
t expr 'expr 2 + 3 \* 4; expr abc : "a\(.\)"; expr 1 = 2; expr length hello; expr 1 / 0'
t factor 'factor 60 97 1000003'
t fallocate 'fallocate -l 10000 fa; stat -c %s fa; wc -c <fa'
t find 'find tree -name "t*" | sort; find tree -type l; find tree -type f -size -1k | wc -l; find tree -newer fruit; find tree -type f -exec basename {} \; | sort; find tree -mindepth 2 -maxdepth 2 | sort; find tree -links 2 -type f | sort; find nosuch'
t find-delete 'cp -a tree fd; find fd -type f -delete; find fd | sort; find fd -depth -delete; ls fd'
t fold 'fold -w 20 text | head -n 4; fold -s -w 12 text | head -n 3'
t getopt 'getopt -o ab: -- -a -b x y'
t grep 'grep -n apple fruit; grep -c line text; grep -v "[0-9]" fruit; grep -E "^(fig|pear)" fruit; grep -o "[0-9]*" fruit; grep -r two tree; grep -l one -r tree | sort; grep -q nosuch fruit; echo $?; grep x nosuch; grep -w 1 -m 2 numbers; egrep -i FIG fruit; fgrep . fruit'
t gzip 'gzip -c text >text.gz; gunzip -c text.gz | cmp - text; zcat text.gz | head -n 1; gzip -k fruit; ls fruit.gz; gunzip -f fruit.gz; gzip -t text.gz; echo bad >bad.gz; gunzip bad.gz; touch -d "2020-02-03 04:05:06" fruit'
t head-tail 'head -n 3 text; head -c 10 text; tail -n 2 text; tail -c 10 text; tail -n +399 text'
t hexdump 'hexdump -C fruit; hexdump fruit | head -n 2; xxd fruit | head -n 2; xxd -r <<E
0000000: 6869 0a
E'
t hostname 'hostname | grep -c .'
t id 'id -u | grep -cx "[0-9]*"; id -g | grep -cx "[0-9]*"'
t install-like-modes 'mkdir -m 700 im; stat -c %a im; mkfifo -m 600 ff; stat -c "%a %F" ff'
t kill 'sleep 100 & p=$!; kill -0 $p && echo there; kill $p; wait $p; echo $?; kill -l 9; kill -0 $p 2>/dev/null'
t less 'less fruit | cat'
t link 'link fruit linked; stat -c %h fruit; unlink linked; stat -c %h fruit; link nosuch x; unlink tree'
t ln 'ln -s target sl; readlink sl; ln -s again sl; ln -sf again sl; readlink sl; ln fruit hl; stat -c %h fruit hl; rm hl; ln -s . loop; readlink -f loop | sed "s,.*/,,"; ln -s self self; cat self; ln nosuch y; ln tree d'
t ls 'ls -1 tree; ls -a tree/c; ls -R copy; ls -l tree/c/link | cut -c1-10; ls -p tree; ls -d tree; ls nosuch; TZ=UTC ls -lon --full-time fruit | cut -d" " -f 1-2,4-'
t lzma 'xz --help >/dev/null 2>&1; echo $?; lzcat </dev/null | wc -c'
t md5sum 'md5sum text fruit >sums; cat sums; md5sum -c sums; sha1sum text; sha256sum text; sha512sum fruit; sha3sum fruit; echo x >>fruit2; md5sum nosuch'
t mkdir 'mkdir -p md/x/y; mkdir md; mkdir nodir/x; rmdir md; rmdir -p md/x/y; ls md; rmdir fruit'
t mknod 'mknod pipe p; stat -c %F pipe; (echo through >pipe &); cat pipe'
t mktemp 'f=$(mktemp ./mt.XXXXXX); stat -c "%a %s %F" $f; echo ${#f}; d=$(mktemp -d ./md.XXXXXX); stat -c %a $d; mktemp nodir/XXXXXX | wc -l'
t more 'more fruit | head -n 2'
t mv 'echo a >mv1; echo b >mv2; mv mv1 mv2; cat mv2; mkdir mvd; mv mv2 mvd; ls mvd; mv mvd mve; ls mve; mv nosuch x; mv mve mve/in; echo c >mv3; mkdir -p mve/mv3/x; mv mv3 mve'
t renice 'of() { ps -o nice,pid | awk -v p=$1 "\$2 == p { print \$1 }"; }; sleep 100 & renice -n 5 -p $!; echo $(($(of $!) - $(of $$))); renice -n -3 -p $!; kill $!; renice -n 1 -p x'
t nl 'nl fruit'
t nohup-setsid 'setsid sh -c "echo in a session"; setsid true'
t nproc 'nproc | grep -cx "[0-9]*"'
t od 'od fruit; od -c fruit | head -n 2; od -An -tx1 -N 8 fruit; od -A d -t u2 -j 4 -N 6 fruit'
t paste 'paste fruit numbers | head -n 3; paste -s -d, fruit'
t patch 'diff -u fruit fruit2 >p.diff; cp fruit fp; patch fp p.diff; cmp fp fruit2; patch -R fp p.diff; cmp fp fruit; patch fp nosuch'
t pidof 'pidof nosuchprogram; echo $?'
t printf 'printf "%d %5s|%-5s|%05.1f %x %c %%\n" 42 ab cd 3.14159 255 xyz; printf "%s-" a b c; printf "%b\n" "t\tt"; printf "%d\n" notanumber'
t ps 'ps -o pid,comm | head -n 1; ps -o comm | grep -c "^ps\$"; sh -c "ps -o pid,ppid" | awk "NR > 1 && (\$1 !~ /^[0-9]+\$/ || \$2 !~ /^[0-9]+\$/)"'
t pwd 'cd tree/a; pwd | sed "s,.*/tree,tree,"; cd ..; pwd -P | sed "s,.*/tree,tree,"'
t readlink 'readlink tree/c/link; readlink fruit; readlink -f tree/c/link | sed "s,.*/tree,tree,"; realpath tree/c/../a | sed "s,.*/tree,tree,"; readlink nosuch'
t rev-tac 'rev fruit; tac fruit'
t rm 'cp -a tree rmd; rm rmd; rm -r rmd; ls rmd; rm nosuch; rm -f nosuch; touch ./-x; rm -- -x; mkdir rd; rm -d rd; ls rd'
t run-parts 'mkdir rp; printf "#!/bin/sh\necho part one\n" >rp/one; chmod +x rp/one; run-parts rp; run-parts --test rp'
t sed 'sed -n 2,3p fruit; sed "s/a\(.\)/<\1>/g" fruit; sed -e /fig/d -e "s/^/> /" fruit; sed "y/abc/xyz/" fruit; sed -n "\$=" text; sed "/pear/{n;s/apple/APPLE/}" fruit; cp fruit si; sed -i s/fig/date/ si; cat si; sed ":a;N;\$!ba;s/\n/+/g" fruit; sed "x;G" fruit; sed s/x'
t seq 'seq 3; seq 2 3 11; seq -w 8 11; seq -s, 1 5; seq 5 -2 1; seq 0.5 1.5'
t shuf 'shuf -i 1-50 | sort -n | md5sum; shuf -n 2 fruit | wc -l'
t sleep 'sleep 0.01; sleep 0; sleep x'
t sort 'sort fruit; sort -k2n fruit; sort -r fruit; sort -u -k1,1 fruit; sort -n numbers | tail -n 1; sort -t" " -k1,1 -k2,2nr fruit; sort -c fruit; sort -o so fruit; cat so; sort -R numbers | wc -l; sort nosuch'
t stat 'stat -c "%n %s %F %a %h %Y %y" fruit; stat -c "%F" . tree/c/link /dev/null; stat -c %t:%T /dev/null /dev/zero; stat nosuch; stat -L -c %F tree/c/link; stat -c "%b %B %o" fruit'
t strings 'printf "\1\2hello there\3abc\0xyzzy\n" >bin; strings bin; strings -n 3 bin'
t sum-like 'cksum fruit 2>/dev/null; sum fruit 2>/dev/null; echo'
t sync 'sync; sync fruit'
t tar 'touch -d "2020-02-03 04:05:06" tree; tar cf t.tar tree; tar tf t.tar | sort; mkdir x; tar xf t.tar -C x; diff -r tree x/tree; stat -c "%a %Y" x/tree/a/two; stat -c %h x/tree/one; readlink x/tree/c/link; tar czf t.tgz tree fruit; tar tzf t.tgz | sort | tail -n 3; tar xOf t.tgz fruit; tar tf nosuch; tar xf fruit'
t tar-pipe 'tar c tree | (mkdir y; cd y; tar x; find . | sort)'
t tee 'echo t | tee t1 t2; cat t1 t2; echo u | tee -a t1 >/dev/null; cat t1'
t test '[ -f fruit ]; echo $?; [ -d fruit ]; echo $?; [ -L tree/c/link ] && [ -s fruit ] && [ -x /bin/sh ] && [ ! -e nosuch ] && echo all; [ fruit -nt numbers ]; echo $?; [ fruit -ef fruit ]; echo $?; [ 1 -lt 2 -a a != b ]; echo $?; test -t 0; echo $?; test -p /dev/stdin; echo $?; [ -w fruit ] && [ -r fruit ]; echo $?; [ 1 -eq x ]'
t time 'time true 2>&1 | cut -c1-4'
t timeout 'timeout 60 echo in time; timeout 0.1 sleep 100; echo $?; timeout -s KILL 0.1 sleep 100'
t touch 'touch -d "2001-09-09 01:46:40" tt; stat -c %Y tt; touch -r fruit tt; stat -c %Y tt; touch -c nosuch; ls nosuch; touch nodir/x; touch -t 202402291234.56 tt; stat -c "%y" tt'
t tr 'tr a-z A-Z <fruit; tr -d aeiou <fruit; tr -s "p\n" <fruit; tr -c "a-z\n" "." <fruit; echo hello | tr "[:lower:]" "[:upper:]"'
t true-false 'true; echo $?; false'
t truncate 'cp text tc; truncate -s 100 tc; wc -c <tc; truncate -s +50 tc; wc -c <tc; tail -c 3 tc | od -An -tx1; truncate -s -140 tc; cat tc'
t ts 'echo x | ts -s | tail -c 3'
t tty 'tty; tty -s'
t uname 'uname -s; uname -m; uname -o'
t uniq 'printf "a\na\nb\na\n" | uniq -c; sort numbers fruit | uniq -d; printf "a\na\nb\n" | uniq -u'
t usleep 'usleep 1000'
t uudecode 'uuencode u <fruit >u.uu; cat u.uu; uudecode -o u.out u.uu; cmp u.out fruit'
t wc 'wc fruit text; wc -l <text; wc -w fruit; wc -c fruit; wc -L text; wc nosuch'
t which 'which sh | sed "s,.*/,,"; which nosuchprogram'
t who-and-whoami 'who | wc -l | grep -c .; logname >/dev/null 2>&1; true'
t xargs 'seq 10 | xargs -n 3 echo; find tree -type f -print0 | sort -z | xargs -0 cat; echo a b | xargs -I{} echo "<{}>"; seq 3 | xargs -t echo; echo x | xargs false; echo $?; echo x | xargs nosuchprogram; seq 6 | xargs -P 3 -n 1 echo | sort'
t yes 'yes | head -n 2; yes no | head -n 1'
t chown 'touch co; chown 12:34 co; stat -c %u:%g co; chgrp 56 co; stat -c %u:%g co; chown 1:2 nosuch'
t start-stop-daemon 'start-stop-daemon -S -b -m -p ssd.pid -x $(which sleep) -- 100; until [ -s ssd.pid ]; do sleep 0.1; done; kill $(cat ssd.pid) && echo ended'
t ash-noclobber 'set -C; echo a >excl; echo b >excl; cat excl; set +C'
t mount 'mkdir mnt; mount -t tmpfs none mnt && echo in >mnt/file; ls mnt; umount mnt; ls mnt; umount mnt'
t sysctl 'sysctl -n kernel.ostype'
t uptime 'uptime | grep -c "load average: [0-9.]*, [0-9.]*, [0-9.]*"'
t free 'free | awk "{ print NF }"; free | awk "NR == 2 { print (\$2 >= \$3 + \$4) }"'
t taskset 'taskset -p $$ | sed "s/ [0-9].*//"; taskset 1 true'
t ionice 'ionice true'
t pipe-buffers 'dd if=/dev/zero bs=64k count=64 2>/dev/null | cat | cat | md5sum'
t many-processes 'i=0; while [ $i -lt 100 ]; do true & i=$((i + 1)); done; wait; echo done; i=0; while [ $i -lt 50 ]; do x=$(echo $i); i=$((i + 1)); done; echo $x'
t tail-follows 'until_has() { until grep -qs $1 tf.out; do sleep 0.1; done; }; echo first >tf; tail -f tf >tf.out & p=$!
	until_has first; echo second >>tf; until_has second; kill $p; cat tf.out'
t watch-and-w 'w 2>/dev/null | wc -l | grep -c .'
t deep-directories 'd=deep; i=0; while [ $i -lt 60 ]; do d=$d/dir$i; i=$((i + 1)); done; mkdir -p $d; echo x >$d/f; find deep | wc -l; rm -r deep; ls deep'
t long-names 'n=$(seq -s x 1 90); touch ${n}; n=$(printf "%0255d" 7); touch $n; ls | grep -c $n; touch ${n}8; rm $n'
t large-file 'dd if=text of=lf bs=1 count=1 seek=5000000000 2>/dev/null; stat -c %s lf; rm lf'
