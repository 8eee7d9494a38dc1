#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/inputs/inventory_parts.h"

enum {
	PROCESSES_MAX = 32768,
	LINKS_MAX = 20000, /* descriptors looked at for owners of sockets */
};

struct looking {
	int proc; /* descriptor of the folder */
	struct inventory_processes *processes;
	size_t n_open; /* sockets whose owner is not known yet */
	unsigned links;
};

static void take_name(struct looking *looking, struct slice name)
{
	for (unsigned i = 0; inventory_programs[i] != NULL; i++)
		if (slice_eq(slice_str(inventory_programs[i]), name))
			looking->processes->running |= 1U << i;
}

static void take_owner(struct looking *looking, uint64_t inode, struct slice name)
{
	struct inventory_processes *processes = looking->processes;

	for (size_t i = 0; i < processes->n_listening; i++) {
		struct listening *socket = &processes->listening[i];

		if (socket->inode != inode || socket->process[0] != '\0')
			continue;
		snprintf(socket->process, sizeof(socket->process), "%.*s", SLICE_FMT(name));
		looking->n_open--;
	}
}

/* "socket:[12345]" */
static bool socket_inode(struct slice link, uint64_t *inode)
{
	struct slice head = SLICE_LIT("socket:[");

	return slice_starts(link, head) && slice_ends(link, SLICE_LIT("]")) &&
	       slice_to_u64(slice_of(link.ptr + head.len, link.len - head.len - 1), UINT64_MAX,
		       inode);
}

/* Descriptors of processes of others need CAP_SYS_PTRACE; without it owners stay unknown. */
static void look_at_descriptors(struct looking *looking, const char *pid, struct slice name)
{
	char path[64], link[64];
	struct dirent *entry;

	snprintf(path, sizeof(path), "%.20s/fd", pid);
	int fd = openat(looking->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (looking->n_open > 0 && looking->links < LINKS_MAX &&
		(entry = readdir(dir)) != NULL) {
		uint64_t inode;
		ssize_t len;

		if (entry->d_name[0] == '.')
			continue;
		looking->links++;
		len = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));
		if (len > 0 && socket_inode(slice_of(link, (size_t)len), &inode))
			take_owner(looking, inode, name);
	}
	closedir(dir);
}

static void look_at_process(struct looking *looking, const char *pid)
{
	char path[64];
	struct strbuf text = STRBUF_INIT(256);

	snprintf(path, sizeof(path), "%.20s/comm", pid);
	struct slice name = inventory_line(looking->proc, path, &text);
	if (name.len > 0) {
		looking->processes->known = true;
		take_name(looking, name);
		if (looking->n_open > 0 && looking->links < LINKS_MAX)
			look_at_descriptors(looking, pid, name);
	}
	strbuf_done(&text);
}

void inventory_processes_look(int root, struct inventory_processes *processes)
{
	struct looking looking = {.processes = processes, .n_open = processes->n_listening};
	struct dirent *entry;
	unsigned n = 0;

	looking.proc = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = looking.proc >= 0 ? fdopendir(looking.proc) : NULL;
	if (dir == NULL) {
		if (looking.proc >= 0)
			close(looking.proc);
		return;
	}
	while ((entry = readdir(dir)) != NULL && n < PROCESSES_MAX) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		n++;
		look_at_process(&looking, entry->d_name);
	}
	closedir(dir);
}

bool inventory_runs(const struct inventory_processes *processes, const char *name)
{
	for (unsigned i = 0; inventory_programs[i] != NULL; i++)
		if (strcmp(inventory_programs[i], name) == 0)
			return (processes->running >> i & 1) != 0;
	return false;
}
