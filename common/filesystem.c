#include "common/filesystem.h"

#include <stdint.h>
#include <sys/vfs.h>

#include "common/attr.h"

/* f_type of statfs(2); numbers from <linux/magic.h> and the file systems' own sources. */
static const struct {
	uint32_t magic;
	enum filesystem_kind kind;
} kinds[] = {
	{0x00009fa0, FILESYSTEM_PSEUDO},  /* proc */
	{0x62656572, FILESYSTEM_PSEUDO},  /* sysfs */
	{0x64626720, FILESYSTEM_PSEUDO},  /* debugfs */
	{0x74726163, FILESYSTEM_PSEUDO},  /* tracefs */
	{0x0027e0eb, FILESYSTEM_PSEUDO},  /* cgroup */
	{0x63677270, FILESYSTEM_PSEUDO},  /* cgroup2 */
	{0x00001cd1, FILESYSTEM_PSEUDO},  /* devpts */
	{0x73636673, FILESYSTEM_PSEUDO},  /* securityfs */
	{0xf97cff8c, FILESYSTEM_PSEUDO},  /* selinux */
	{0x43415d53, FILESYSTEM_PSEUDO},  /* smack */
	{0x5a3c69f0, FILESYSTEM_PSEUDO},  /* apparmor */
	{0xcafe4a11, FILESYSTEM_PSEUDO},  /* bpf */
	{0x6165676c, FILESYSTEM_PSEUDO},  /* pstore */
	{0xde5e81e4, FILESYSTEM_PSEUDO},  /* efivarfs */
	{0x62656570, FILESYSTEM_PSEUDO},  /* configfs */
	{0x65735543, FILESYSTEM_PSEUDO},  /* fusectl */
	{0x19800202, FILESYSTEM_PSEUDO},  /* mqueue */
	{0x42494e4d, FILESYSTEM_PSEUDO},  /* binfmt_misc */
	{0x67596969, FILESYSTEM_PSEUDO},  /* rpc_pipefs */
	{0x6e667364, FILESYSTEM_PSEUDO},  /* nfsd */
	{0x6e736673, FILESYSTEM_PSEUDO},  /* nsfs */
	{0x50495045, FILESYSTEM_PSEUDO},  /* pipefs */
	{0x534f434b, FILESYSTEM_PSEUDO},  /* sockfs */
	{0x09041934, FILESYSTEM_PSEUDO},  /* anonymous inodes */
	{0x00000187, FILESYSTEM_PSEUDO},  /* autofs */
	{0x07655821, FILESYSTEM_PSEUDO},  /* resctrl */
	{0x00006969, FILESYSTEM_NETWORK}, /* nfs */
	{0xff534d42, FILESYSTEM_NETWORK}, /* cifs */
	{0xfe534d42, FILESYSTEM_NETWORK}, /* smb2 */
	{0x0000517b, FILESYSTEM_NETWORK}, /* smb */
	{0x0000564c, FILESYSTEM_NETWORK}, /* ncp */
	{0x01021997, FILESYSTEM_NETWORK}, /* 9p */
	{0x00c36400, FILESYSTEM_NETWORK}, /* ceph */
	{0x5346414f, FILESYSTEM_NETWORK}, /* afs */
	{0x6b414653, FILESYSTEM_NETWORK}, /* kafs */
	{0x73757245, FILESYSTEM_NETWORK}, /* coda */
	{0x65735546, FILESYSTEM_NETWORK}, /* fuse */
	{0x01161970, FILESYSTEM_NETWORK}, /* gfs2 */
	{0x7461636f, FILESYSTEM_NETWORK}, /* ocfs2 */
	{0x0bd00bd0, FILESYSTEM_NETWORK}, /* lustre */
	{0x47504653, FILESYSTEM_NETWORK}, /* gpfs */
	{0x786f4256, FILESYSTEM_NETWORK}, /* vboxsf */
};

static enum filesystem_kind kind_of(const struct statfs *fs)
{
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].magic == (uint32_t)fs->f_type)
			return kinds[i].kind;
	}
	return FILESYSTEM_DISK;
}

enum filesystem_kind filesystem_of(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 ? kind_of(&fs) : FILESYSTEM_PSEUDO;
}

enum filesystem_kind filesystem_at(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 ? kind_of(&fs) : FILESYSTEM_PSEUDO;
}
