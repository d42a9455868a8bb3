# Boots the system below an overlay as process 1 of new namespaces: sh debian-host-boot.sh SYSTEM OVERLAY NPM-CACHE
set -eu
system=$1 overlay=$2 npm=$3
root=$overlay/root
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$system,upperdir=$overlay/upper,workdir=$overlay/work" "$root"
mkdir -p "$root/root/.npm"
mount -t overlay overlay -o "lowerdir=$npm,upperdir=$overlay/npm-upper,workdir=$overlay/npm-work" "$root/root/.npm"
mount -t proc proc "$root/proc"
# The settings of the kernel are the machine's.
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
hostname "$(cat "$root/etc/hostname")"
ip link set lo up
cd "$root"
mkdir .before
pivot_root . .before
umount -l /.before
exec env -i container=rostrum /lib/systemd/systemd --log-target=console
