#!/bin/bash
# job: 1 slow
# The applets of BusyBox print on Pleat what they print on Linux:
# tests/boot/applets.sh, case by case.
. tests/harness/tap.sh

if [[ $(ldd /bin/busybox 2>&1) != *'not a dynamic'* ]]; then
	skip applets "busybox-static is not there"
	done_testing
fi
export LC_ALL=C TZ=UTC0

mkdir "$tmp/img" "$tmp/bin" "$tmp/work"
cp tests/boot/applets.sh "$tmp/img/applets.sh"
for applet in busybox $(/bin/busybox --list); do
	ln -s /bin/busybox "$tmp/bin/$applet"
done
(cd "$tmp/work" && PATH=$tmp/bin setsid /bin/busybox sh "$tmp/img/applets.sh") >"$tmp/linux" 2>&1 \
	</dev/null
# On Pleat /bin holds some programs of its own: there too each name is BusyBox's.
boot --cpus 1 --img "$tmp/img" --cmd 'export LC_ALL=C TZ=UTC0; mkdir -p /tmp/bin /tmp/work
	for a in busybox $(busybox --list); do ln -s /bin/busybox /tmp/bin/$a; done
	cd /tmp/work; export PATH=/tmp/bin; setsid sh /applets.sh </dev/null'
cp "$tmp/out" "$tmp/pleat"

# part FILE NAME: what the case printed there.
part() { awk -v name="$2" '/^=== / { on = $2 == name } on' "$1"; }

cd "$tmp" || exit 1
for name in $(sed -n 's/^=== //p' linux); do
	if part linux "$name" | grep -qE 'not permitted|ermission denied'; then
		skip "$name" "the host does not let this user do it"
		continue
	fi
	diff -u --label linux --label pleat <(part linux "$name") <(part pleat "$name") >&2
	result $? "$name"
done
is no-more-and-no-fewer "$(grep -c '^===' pleat)" "$(grep -c '^===' linux)"
done_testing
