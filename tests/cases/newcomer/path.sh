#!/bin/bash
# The path of README.md, "A quarter of an hour to a real mailbox", from the package to the first
# forwarded ticket, as root inside a booted container; its words go to /booted/report. The first
# step that does not hold ends it.
set -u
exec >/booted/report 2>&1
# IMAP, SMTP: ports; TOKENS: the endpoint; PUBLISHER: who answers technical questions.
. /booted/servers

step() { printf '== %s (after %s s)\n' "$*" "$SECONDS"; }
fail() {
    printf 'FAILED: %s\n' "$*"
    journalctl --no-pager -o short-precise -u triaged | tail -n 40
    exit 1
}
until_true() { # most tenths of a second, then a command
    local left=$1
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 0.1
    done
}
as_daemon() { setpriv --reuid triaged --regid triaged --clear-groups "$@"; }
settled() { [ "$(grep -c '"event":"settled"' /var/lib/triaged/audit.jsonl)" -ge 1 ]; }

step "the partner's own authority is one that this host trusts"
update-ca-certificates || fail "update-ca-certificates"

step "the package is installed, and nothing starts by itself"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y /booted/triaged.deb || fail "apt-get install"
systemctl --quiet is-active triaged && fail "it was started"
systemctl --quiet is-enabled triaged && fail "it was enabled"

step "init writes a checked configuration and names the next commands"
cd /root || fail "cd"
triaged init --yes --preset microsoft365 --partner "Partner AB" \
    --address support@partner.example --user support --client-id app-1 \
    --host localhost --smtp-host localhost --smtp-user - \
    --product "Nimbus Desk, Nimbus AB, $PUBLISHER" >/booted/init || fail "init: $(cat /booted/init)"
for next in secrets/app.secret 'triaged doctor' 'run --dry-run' 'systemctl enable --now triaged'; do
    grep -q -- "$next" /booted/init || fail "init does not name \`$next\`: $(cat /booted/init)"
done
echo geheimnis >/etc/triaged/secrets/app.secret

step "doctor says what is still missing"
as_daemon triaged doctor >/booted/doctor && fail "doctor finds servers that are not there"
grep -q '→' /booted/doctor || fail "doctor says nothing of what to do: $(cat /booted/doctor)"
sed -i -e "s|^tls = \"none\"\$|&\nport = $IMAP|" -e "s|^port = 587\$|port = $SMTP|" \
    -e "s|^client-id = .*|&\ntoken-url = \"$TOKENS\"|" /etc/triaged/triaged.toml
as_daemon triaged doctor || fail "doctor"

step "check finds no fault, the trial run shows where the mail would go"
as_daemon triaged check >/booted/check || fail "check: $(tail -n 20 /booted/check)"
as_daemon triaged run --dry-run >/booted/trial || fail "the trial run: $(cat /booted/trial)"
grep -q "forward .*$PUBLISHER" /booted/trial || fail "the trial run: $(cat /booted/trial)"

step "root does not start it by hand where its user could not go on"
triaged run --once && fail "root made files that the service cannot open"

step "started, it forwards the ticket"
systemctl enable --now triaged || fail "the start"
until_true 300 settled || fail "no ticket was settled"
as_daemon triaged status || fail "status"
as_daemon triaged tickets | grep -q technical || fail "tickets"
as_daemon triaged audit verify || fail "audit verify"
systemctl reload triaged || fail "the reload"
systemctl stop triaged || fail "the stop"
echo "ALL HELD after $SECONDS s"
