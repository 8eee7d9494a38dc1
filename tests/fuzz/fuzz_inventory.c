/* Files an inventory is read from, each with the same bytes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yyjson.h>

#include "agent/inputs/inventory_parts.h"
#include "common/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"etc/os-release", "etc/hosts", "etc/ufw/ufw.conf",
	"etc/ufw/user.rules", "proc/sys/kernel/hostname", "proc/uptime", "proc/net/tcp",
	"proc/net/udp6", "proc/7/comm", "proc/modules", "proc/sys/net/ipv4/ip_local_port_range",
	"var/lib/dpkg/status", "var/lib/clamav/daily.cvd", "usr/sbin/clamd"};

static char folder[] = "/tmp/soc-fuzz-inventory-XXXXXX";
static int root = -1;

static void remove_folder(void)
{
	static const char *const folders[] = {"etc/ufw", "etc", "proc/sys/kernel",
		"proc/sys/net/ipv4", "proc/sys/net", "proc/sys", "proc/net", "proc/7", "proc",
		"var/lib/dpkg", "var/lib/clamav", "var/lib", "var", "usr/sbin", "usr"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		(void)unlinkat(root, names[i], 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		(void)unlinkat(root, folders[i], AT_REMOVEDIR);
	(void)rmdir(folder);
}

static void make_folder(void)
{
	if (mkdtemp(folder) == NULL || (root = open(folder, O_PATH | O_DIRECTORY)) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[128];
		int len = snprintf(path, sizeof(path), "%s/%s", folder, names[i]);

		while (len > 0 && path[len] != '/')
			len--;
		path[len] = '\0';
		if (!file_make_dirs(path, 0700, NULL))
			abort();
	}
	(void)atexit(remove_folder);
}

static void write_files(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int fd = openat(root, names[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		if (fd < 0 || !file_write_all(fd, data, size))
			abort();
		close(fd);
	}
}

static void check_report(const struct inventory_report *report)
{
	yyjson_doc *doc = yyjson_read(report->text.ptr, report->text.len, 0);

	if (doc == NULL || report->stable_len > report->text.len)
		abort();
	yyjson_doc_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct listening sockets[INVENTORY_LISTENING_MAX];
	struct inventory_processes processes = {.listening = sockets};
	struct inventory_packages packages = {.manager = NULL};
	struct inventory_report report;
	bool known, cut;

	if (root < 0)
		make_folder();
	write_files(data, size);
	processes.n_listening = inventory_listening_look(root, sockets, &known, &cut);
	inventory_processes_look(root, &processes);
	inventory_packages_look(root, &packages);
	inventory_report_begin(&report, root);
	inventory_host(&report);
	inventory_packages(&report, &packages);
	inventory_protection(&report, &processes);
	inventory_listening(&report, sockets, processes.n_listening, cut);
	inventory_uptime(&report);
	inventory_report_end(&report);
	check_report(&report);
	inventory_report_done(&report);
	return 0;
}
