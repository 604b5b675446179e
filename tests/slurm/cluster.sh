#!/usr/bin/env bash
# A real Slurm of two nodes on this machine, for tests: `cluster.sh start DIR`, `cluster.sh stop DIR`.
# Debian's slurm-wlm and munge, as root. Everything lies in DIR but slurm.conf and gres.conf, which
# srun inside a job looks for in /etc/slurm. It listens on loopback only.
set -euo pipefail
conf=/etc/slurm/slurm.conf
mark="# written by tests/slurm/cluster.sh"

start() {
    for program in slurmctld slurmd munged; do
        command -v "$program" > /dev/null || fail "$program is not installed: apt-get install slurm-wlm munge"
    done
    [ "$(id -u)" = 0 ] || fail "a cluster is started by root"
    if [ -e "$conf" ] && ! grep -qF "$mark" "$conf"; then fail "$conf belongs to a cluster of this machine"; fi
    mkdir -p "$1/state" "$1/spool/n1" "$1/spool/n2" "$1/munge" "$1/log" /etc/slurm
    chmod 755 "$1/munge" "$1/log"
    dir=$(cd "$1" && pwd)
    host=$(hostname -s)
    grep -qw "$host" /etc/hosts || echo "127.0.0.1 $host" >> /etc/hosts
    # GPUs for which any device file will do; and more cores and memory than the machine has, so that
    # what the profile asks for fits.
    cat > /etc/slurm/gres.conf <<END
$mark
NodeName=n1 Name=gpu File=/dev/null,/dev/zero
NodeName=n2 Name=gpu File=/dev/null,/dev/zero
END
    cat > "$conf" <<END
$mark
ClusterName=optical
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthInfo=socket=$dir/munge/socket
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool/%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.%n.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.%n.log
SlurmctldPort=26817
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SlurmdParameters=config_overrides
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_min_interval=100000
ReturnToService=2
SlurmdTimeout=20
MinJobAge=3600
GresTypes=gpu
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=26818 CPUs=16 RealMemory=1000000 Gres=gpu:2
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=26819 CPUs=16 RealMemory=1000000 Gres=gpu:2
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=n1,n2 MaxTime=INFINITE State=UP
END
    dd if=/dev/urandom of="$dir/munge/key" bs=128 count=1 status=none
    chmod 600 "$dir/munge/key"
    munged --force --key-file "$dir/munge/key" --socket "$dir/munge/socket" \
        --pid-file "$dir/munge/pid" --log-file "$dir/munge/log" --seed-file "$dir/munge/seed"
    slurmctld -c
    slurmd -N n1
    slurmd -N n2
    for _ in $(seq 60); do
        [ "$(sinfo -h -p cpu -t idle -o %D 2> /dev/null)" = 2 ] && return
        sleep 0.5
    done
    cat "$dir"/log/*.log >&2
    fail "the cluster did not come up within half a minute"
}

stop() {
    for pid in "$1"/slurmd.n?.pid "$1/slurmctld.pid" "$1/munge/pid"; do
        if [ -e "$pid" ]; then end "$(cat "$pid")"; fi
    done
    for file in "$conf" /etc/slurm/gres.conf; do
        if [ -e "$file" ] && grep -qF "$mark" "$file"; then rm "$file"; fi
    done
}

# Ask a daemon to end, and wait until it has.
end() {
    kill "$1" 2> /dev/null || return 0
    for _ in $(seq 100); do
        case $(ps -o stat= -p "$1") in "" | Z*) return ;; esac
        sleep 0.1
    done
    kill -KILL "$1"
}

fail() {
    echo "cluster.sh: $*" >&2
    exit 1
}

[ $# = 2 ] || fail "usage: cluster.sh start|stop DIR"
case $1 in
    start) start "$2" ;;
    stop) stop "$2" ;;
    *) fail "usage: cluster.sh start|stop DIR" ;;
esac
