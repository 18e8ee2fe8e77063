#!/bin/bash
# What the service does under a real systemd. Runs as root inside a booted container, as
# `selftest.service`; its words go to /booted/report. Each step says what must hold; the first that
# does not ends it.
set -u
exec >/booted/report 2>&1
unit=triaged.service

step() { printf '== %s (after %s s)\n' "$*" "$SECONDS"; }
fail() {
    printf 'FAILED: %s\n' "$*"
    systemctl status --no-pager --full "$unit"
    journalctl --no-pager -o short-precise | tail -n 60
    exit 1
}
is() { # what, wanted, is
    [ "$2" = "$3" ] || fail "$1 is \`$3\`, not \`$2\`"
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
of() { systemctl show "$unit" -p "$1" --value; }
main() { of MainPID; }
triaged() { command triaged --config /etc/triaged "$@"; }
# How often the audit log has an event.
events() { grep -c "\"event\":\"$1\"" /var/lib/triaged/audit.jsonl; }
# Whether the journal tells it; it may come a moment later than what it tells of.
logged() { # what, then where to look
    local what=$1
    shift
    journalctl --no-pager -o cat "$@" | grep -q "$what"
}
has() { [ "$(events "$1")" -ge "$2" ]; }
is_up() { # the process before; asked at once, for what is asked twice may differ
    local now
    now=$'\n'$(systemctl show "$unit" -p ActiveState -p MainPID)$'\n'
    [[ $now == *$'\nActiveState=active\n'* && $now != *$'\nMainPID=0\n'* && $now != *$'\nMainPID='"$1"$'\n'* ]]
}
is_active() { [ "$(of ActiveState)" = active ]; }
mail() { # name, file
    install -m 0600 -o triaged -g triaged "/booted/$2" "/var/lib/triaged/mail/tmp/$1"
    mv "/var/lib/triaged/mail/tmp/$1" "/var/lib/triaged/mail/new/$1"
}

step "the account and the directories come from the snippets"
systemd-sysusers /booted/triaged.sysusers.conf || fail "systemd-sysusers"
systemd-tmpfiles --create /booted/triaged.tmpfiles.conf || fail "systemd-tmpfiles"
is "the mode of the secrets" "700 triaged" "$(stat -c '%a %U' /etc/triaged/secrets)"
install -m 0600 /booted/password /etc/triaged/secrets/smtp
install -d -m 0700 -o triaged -g triaged /var/lib/triaged /var/lib/triaged/mail
install -d -m 0700 -o triaged -g triaged /var/lib/triaged/mail/{new,cur,tmp}
systemctl daemon-reload

step "a start is over when work has begun"
systemctl start "$unit" || fail "it does not start"
is "the state" active "$(of ActiveState)"
is "what it says" "at work; \`triaged status\` says what waits" "$(of StatusText)"
pid=$(main)
is "its user" triaged "$(stat -c %U "/proc/$pid")"
is "its capabilities" 0000000000000000 "$(awk '/^CapEff/ {print $2}' "/proc/$pid/status")"
is "NoNewPrivs, Seccomp" "1 2" "$(awk '/^NoNewPrivs|^Seccomp:/ {print $2}' "/proc/$pid/status" | xargs)"
is "the mode of the state" "700 triaged" "$(stat -c '%a %U' /var/lib/triaged)"
is "the mode of the ledger" "600 triaged" "$(stat -c '%a %U' /var/lib/triaged/ledger.sqlite)"
is "the socket" "660 triaged" "$(stat -c '%a %U' /run/triaged/metrics.sock)"
triaged status >/dev/null || fail "status"

step "mail is forwarded with the password from a credential"
mail 1600000000.M1.booted technical.eml
until_true 100 has settled 1 || fail "it was not filed"
has delivered 1 || fail "it was not forwarded"
until_true 50 logged 'opened.*mailbox=support' TRIAGED_MAILBOX=support ||
    fail "the journal has no field for the mailbox"

step "a good edit is taken by a reload"
printf '\n[[rule]]\nid = "booted"\ncategory = "billing"\nany = ["booted word"]\n' >/etc/triaged/rules/booted.toml
systemctl reload "$unit" || fail "the reload"
has reloaded 1 || fail "the reload was over before it was done"
is "the process" "$pid" "$(main)"

step "a bad edit is refused, and everybody says so"
sed -i 's/"billing"/"biling"/' /etc/triaged/rules/booted.toml
systemctl reload "$unit" && fail "a refused edit is no good reload"
has reload-refused 1 || fail "the reload was over before it was refused"
until_true 50 is_active || fail "it is $(of ActiveState)"
case $(of StatusText) in
*refused*) ;;
*) fail "systemd shows: $(of StatusText)" ;;
esac
triaged status | grep -q 'edit    refused' || fail "status does not tell of it"
until_true 50 logged 'the edit is refused' -u "$unit" || fail "the log does not tell of it"
sed -i 's/"biling"/"billing"/' /etc/triaged/rules/booted.toml
systemctl reload "$unit" || fail "the reload"
has reloaded 2 || fail "the reload was over before it was done"
until_true 50 is_active || fail "it is $(of ActiveState)"
sed -i 's/^name = "Partner AB"/name = /' /etc/triaged/triaged.toml
systemctl reload "$unit" && fail "a file that is no TOML is no good reload"
has reload-refused 2 || fail "the reload was over before it was refused"
sed -i 's/^name = $/name = "Partner AB"/' /etc/triaged/triaged.toml
systemctl reload "$unit" || fail "the reload"
is "what it says" "at work; \`triaged status\` says what waits" "$(of StatusText)"

step "killed, it is started anew and goes on"
kill -9 "$pid"
until_true 100 is_up "$pid" || fail "it was not started anew"
is "the restarts" 1 "$(of NRestarts)"
mail 1600000001.M2.booted billing.eml
until_true 100 has settled 2 || fail "it does not go on"

step "what was tried twice is read in a process of its own, sandbox and all"
mail 1600000003.M4.booted unreadable.eml
until_true 200 has quarantined 1 || fail "it was not set aside"
! logged 'cannot be read apart' -u "$unit" || fail "no process could be had"

step "when it gives no sign of life the watchdog ends it, and it is started anew"
pid=$(main)
kill -STOP "$pid"
until_true 150 is_up "$pid" || fail "the watchdog did not bite"
until_true 50 logged 'Watchdog timeout' -u "$unit" || fail "it ended for another reason"
is "the restarts" 2 "$(of NRestarts)"

step "a stop while a forward is on its way lets it arrive"
mail 1600000002.M3.booted technical-2.eml
until_true 100 has sending 2 || fail "it is not being sent"
systemctl stop "$unit" || fail "the stop"
is "the result" success "$(of Result)"
has delivered 2 || fail "the forward was cut off"
has stopped 1 || fail "the end is not in the audit log"
[ ! -e /run/triaged/metrics.sock ] || fail "the socket was left"

step "the audit log is whole"
triaged audit verify || fail "audit verify"
is "the unit" inactive "$(of ActiveState)"
echo "ALL HELD after $SECONDS s"
