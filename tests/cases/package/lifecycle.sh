#!/bin/sh
# The life of the package in a Debian tree: `lifecycle.sh FIRST.deb SECOND.deb WORK`, in a mount
# namespace of its own. The tree is this machine's own under an overlay, so nothing here changes.
# Exit code 77: the machine cannot do it, and the last line says why.
set -eu
first=$1 second=$2 work=$3

mount -t tmpfs -o size=1g tmpfs "$work" || { echo "no tmpfs can be mounted"; exit 77; }
mkdir "$work/up" "$work/in" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/up,workdir=$work/in" "$work/root" ||
    { echo "no overlay can be mounted over /"; exit 77; }
root=$work/root
for name in dev proc; do mount --rbind "/$name" "$root/$name"; done
rm -rf "$root/etc/triaged" "$root/var/lib/triaged" "$root/usr/sbin/policy-rc.d"
cp "$first" "$root/first.deb"
cp "$second" "$root/second.deb"

inside() { chroot "$root" env DEBIAN_FRONTEND=noninteractive "$@"; }
as_daemon() { inside setpriv --reuid triaged --regid triaged --clear-groups "$@"; }
install() {
    inside dpkg --force-unsafe-io --force-depends --force-confdef --force-confold -i "$1"
}
must() { "$@" || { echo "failed: $*"; exit 1; }; }
must_not() { if "$@"; then echo "failed: not $*"; exit 1; fi; }

echo "== install"
install /first.deb
inside triaged --version
must inside getent passwd triaged
must test "$(inside stat -c '%U %a' /var/lib/triaged)" = "triaged 700"
must_not test -e "$root/etc/triaged/triaged.toml"
must_not test -e "$root/etc/systemd/system/multi-user.target.wants/triaged.service"

echo "== configure"
inside triaged init --yes --preset imap --partner "Partner AB" --host localhost \
    --address support@partner.example \
    --product "Nimbus Desk, Nimbus AB, help@nimbus-desk.example"
must test "$(inside stat -c '%U %a' /etc/triaged/secrets/mailbox.password)" = "triaged 600"
echo "correct horse" >"$root/etc/triaged/secrets/mailbox.password"
as_daemon triaged --config /etc/triaged check >"$work/checked" || { cat "$work/checked"; exit 1; }
echo "# ours" >>"$root/etc/triaged/rules/negation.toml"
echo "a line" >"$root/var/lib/triaged/audit.jsonl"
cp "$root/etc/triaged/triaged.toml" "$work/before.toml"

echo "== upgrade"
install /second.deb
must cmp "$root/etc/triaged/triaged.toml" "$work/before.toml"
must test "$(tail -n 1 "$root/etc/triaged/rules/negation.toml")" = "# ours"
must test "$(tail -n 1 "$root/etc/triaged/rules/fi.toml")" = "# the second version"
must test -s "$root/etc/triaged/secrets/mailbox.password"
must test -s "$root/var/lib/triaged/audit.jsonl"

echo "== remove"
inside dpkg --force-depends -r triaged
must_not test -e "$root/usr/bin/triaged"
must_not test -e "$root/usr/lib/systemd/system/triaged.service"
must cmp "$root/etc/triaged/triaged.toml" "$work/before.toml"
must test -s "$root/var/lib/triaged/audit.jsonl"

echo "== purge"
echo "# my own" >"$root/etc/triaged/rules/mine.toml"
inside dpkg -P triaged >"$work/purged"
must_not test -e "$root/var/lib/triaged"
must_not test -e "$root/etc/triaged/rules/fi.toml"
must_not test -e "$root/etc/triaged/cases"
must cmp "$root/etc/triaged/triaged.toml" "$work/before.toml"
must test -s "$root/etc/triaged/secrets/mailbox.password"
must grep -q '^    /etc/triaged/rules/mine.toml$' "$work/purged"
must_not inside dpkg -s triaged
echo "== done"
