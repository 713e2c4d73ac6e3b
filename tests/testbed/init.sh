#!/bin/bash
# Process 1 of an instance's own pid, mount and network namespaces: it starts what is named on the control
# pipe, buries the dead, and its end is the end of everything in here.
# usage (under `unshare --pid --fork --mount --net`): init.sh STATE_DIR
set -eu
state=$1
# Asked before the new /proc is mounted, this is the number by which the outside knows this process.
read -r pid _ < /proc/self/stat

mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs /run
# Some folders are compiled into the components; what they leave there must not reach the machine.
for dir in /var/log /var/lib /opt; do
  case $state/ in "$dir"/*) continue ;; esac
  [ -d "$dir" ] || continue
  mkdir -p "$state/masks$dir"
  mount --bind "$state/masks$dir" "$dir"
done
ip link set lo up
sysctl -qw net.ipv4.ip_forward=1
# Absent unless br_netfilter is loaded; pods on one bridge then reach each other's Services directly.
sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || true

exec 3<>"$state/control"
echo "$pid" > "$state/init.pid.new"
mv "$state/init.pid.new" "$state/init.pid"
while :; do
  read -r name <&3 || continue
  setsid bash "$state/units/$name" </dev/null >>"$state/log/$name.log" 2>&1 3>&- &
  echo $! > "$state/units/$name.pid.new"
  mv "$state/units/$name.pid.new" "$state/units/$name.pid"
done
