#!/bin/sh
# A script with a background job. Kill the script, by `kill -9` too:
#
# sh step.sh            # nothing is left
# sh step.sh --plain    # the job's helper lives on

run=pdeathsig
[ "${1-}" = --plain ] && run=
$run bash -c 'setsid sleep 60 & echo ready; sleep 60; true'
