#!/usr/bin/env bash
# Stands in for systemctl in tests: systemctl start|stop|disable [--now] UNIT. The unit's command line is the content of
# $UNITS/UNIT.command; start returns when the unit says that it is ready, stop when it has ended.
set -eu
verb=$1
unit=$UNITS/${!#}

alive() { case $(ps -o stat= -p "$1" || true) in "" | Z*) return 1 ;; esac; }

case $verb in
  start)
    # shellcheck disable=SC2046 # words of a command line
    nohup $(cat "$unit.command") >"$unit.out" 2>"$unit.err" </dev/null &
    echo $! >"$unit.pid"
    until grep -q ' ready ' "$unit.out"; do
      alive $! || { cat "$unit.err" >&2; exit 1; }
      sleep 0.05
    done
    ;;
  stop | disable)
    pid=$(cat "$unit.pid")
    kill -TERM "$pid"
    while alive "$pid"; do sleep 0.05; done
    rm "$unit.pid"
    ;;
  *)
    echo "systemctl $verb is not known here" >&2
    exit 2
    ;;
esac
