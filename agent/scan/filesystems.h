/* filesystems - where a scan does not go: file systems without files, or behind a network */
#ifndef AGENT_SCAN_FILESYSTEMS_H
#define AGENT_SCAN_FILESYSTEMS_H

enum filesystem_kind {
	FILESYSTEM_DISK,    /* real files: also tmpfs, overlay, and any type not listed */
	FILESYSTEM_PSEUDO,  /* the kernel's: reading may block for ever or change something */
	FILESYSTEM_NETWORK, /* another machine or program answers, or does not: NFS, SMB, FUSE
			     */
};

/* Of an open descriptor; what cannot be asked is FILESYSTEM_PSEUDO. */
enum filesystem_kind filesystem_of(int fd);

#endif
