/*
 * filesystem - what stands behind a path: a disk, the kernel, or another machine
 *
 * A scan goes only to disks; a log is read from anywhere but the kernel; changes are heard of
 * from disks only. Any thread; filesystem_at() may wait for another machine.
 */
#ifndef COMMON_FILESYSTEM_H
#define COMMON_FILESYSTEM_H

enum filesystem_kind {
	FILESYSTEM_DISK,    /* real files: also tmpfs, overlay, and any type not listed */
	FILESYSTEM_PSEUDO,  /* the kernel's: reading may block for ever or change something */
	FILESYSTEM_NETWORK, /* another machine or program answers, or does not: NFS, SMB, FUSE
			     */
};

/* Of an open descriptor; what cannot be asked is FILESYSTEM_PSEUDO. */
enum filesystem_kind filesystem_of(int fd);
enum filesystem_kind filesystem_at(const char *path);

#endif
