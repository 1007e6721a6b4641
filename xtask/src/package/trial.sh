# Called as: trial PACKAGE FOLDER PROGRAM…
# The mount namespace is this shell's own; the layer in memory goes with it.
package=$1 seen=$2
shift 2

mount --make-rprivate /
mount -t tmpfs none /mnt
mkdir /mnt/changes /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/changes,workdir=/mnt/work /mnt/root
mount --rbind /dev /mnt/root/dev
mount -t proc proc /mnt/root/proc 2>/dev/null || mount --rbind /proc /mnt/root/proc
mount -t tmpfs none /mnt/root/tmp
mount -t tmpfs none /mnt/root/run
mkdir /mnt/root/tmp/seen
mount --bind "$seen" /mnt/root/tmp/seen
cp "$package" /mnt/root/tmp/fieldscan.deb
chmod 755 /mnt/root/tmp

in_root() { chroot /mnt/root env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/tmp "$@"; }
# Somebody without any rights.
as_nobody() { in_root setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=+all "$@"; }
say() { echo "  $*"; }

in_root dpkg --purge fieldscan >/dev/null 2>&1 || true
say "install"
in_root apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=600 /tmp/fieldscan.deb >"$seen/install.log" 2>&1 || {
    tail -n 20 "$seen/install.log" >&2
    exit 1
}
say "run"
for program in "$@"; do
    [ "$program" = fieldscan-nmap ] || as_nobody "$program" --version >"$seen/version-$program"
done
mkdir -m 777 /mnt/root/tmp/somebody
# It has no settings, so not all that it tries goes well.
as_nobody fieldscan --json --data-dir /tmp/somebody/data --config /tmp/somebody/settings.yaml doctor >"$seen/doctor.json" || true
as_nobody /usr/lib/fieldscan/fieldscan-nmap check </dev/zero >"$seen/able"
in_root sh -c 'zcat /usr/share/man/man1/fieldscan.1.gz' >"$seen/page"

say "upgrade, with the capability and without it"
in_root dpkg --install /tmp/fieldscan.deb >>"$seen/install.log" 2>&1
in_root getcap /usr/lib/fieldscan/fieldscan-nmap >"$seen/given"
in_root fieldscan grant --remove --yes >/dev/null 2>&1
in_root dpkg --install /tmp/fieldscan.deb >>"$seen/install.log" 2>&1
in_root getcap /usr/lib/fieldscan/fieldscan-nmap >"$seen/kept"

say "remove"
in_root dpkg --listfiles fieldscan >"$seen/files"
in_root dpkg --purge fieldscan >>"$seen/install.log" 2>&1
# Of what the layer holds now, without the marks of files that are gone.
{
    find /mnt/changes -name '*fieldscan*' ! -type c
    while read -r path; do
        [ -d "/mnt/root$path" ] || [ ! -e "/mnt/root$path" ] || echo "$path"
    done <"$seen/files"
} >"$seen/left"
