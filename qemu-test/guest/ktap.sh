# SPDX-License-Identifier: GPL-2.0-only OR MIT
# KTAP for shell scripts in the guest. A script includes it with `. ktap.sh`, says with `plan N` how many tests it has,
# and then has one of these for each; what is printed before it is its diagnosis:
#   check NAME COMMAND [ARGUMENT...]    passes if the command succeeds; its output is shown if it does not
#   refute NAME COMMAND [ARGUMENT...]   passes if the command fails
#   equal NAME WANTED SEEN              passes if the two texts are the same
#   ok NAME / not_ok NAME / skip NAME REASON
# The exit status is 1 if a test failed. A script that stops early is noticed by its plan.
ktap_number=0
ktap_failed=0

plan() {
    echo "KTAP version 1"
    echo "1..$1"
    trap 'exit $((ktap_failed ? 1 : $?))' EXIT
}

note() {
    echo "$*" | sed 's/^/# /'
}

ok() {
    ktap_number=$((ktap_number + 1))
    echo "ok $ktap_number $*"
}

not_ok() {
    ktap_number=$((ktap_number + 1))
    ktap_failed=1
    echo "not ok $ktap_number $*"
}

skip() {
    ktap_number=$((ktap_number + 1))
    echo "ok $ktap_number $1 # SKIP $2"
}

check() {
    ktap_name=$1
    shift
    if ktap_output=$("$@" 2>&1); then
        ok "$ktap_name"
    else
        note "status $? of: $*"
        note "$ktap_output"
        not_ok "$ktap_name"
    fi
}

refute() {
    ktap_name=$1
    shift
    if ktap_output=$("$@" 2>&1); then
        note "succeeded: $*"
        note "$ktap_output"
        not_ok "$ktap_name"
    else
        ok "$ktap_name"
    fi
}

equal() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        note "wanted: $2"
        note "seen:   $3"
        not_ok "$1"
    fi
}
