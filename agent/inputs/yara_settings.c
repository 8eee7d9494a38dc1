#include "agent/inputs/yara.h"
#include "agent/scan/walker.h"

#define AT(member) offsetof(struct yara_scan_settings, member)

static const struct setting scan_table[] = {
	{"name", SETTING_TEXT, AT(name), NULL, 1, 64, "Name of the scan in its records.",
		.example = "system"},
	{"paths", SETTING_PATHS, AT(paths), NULL, 1, 256, "Files and folders to scan.",
		.example = "[/etc, /home, /opt, /srv, /tmp, /usr, /var]"},
	{"exclude", SETTING_TEXTS, AT(exclude), NULL, 0, 256,
		"Patterns to leave out; one with '/' is held against the whole path, else "
		"against the name. The agent's own folders are always left out.",
		.example = "[\"*.iso\", /var/lib/docker]"},
	{"every", SETTING_DURATION, AT(every_ms), "1d", 1000, UINT64_C(31536000000),
		"Time from the end of one run to the next."},
	{"jitter", SETTING_DURATION, AT(jitter_ms), "4h", 0, UINT64_C(31536000000),
		"Each run begins up to so much later, at random."},
	{"max-size", SETTING_BYTES, AT(size_max), "64MiB", 1, UINT64_C(1) << 40,
		"Larger files are reported, not scanned."},
	{"timeout", SETTING_DURATION, AT(timeout_ms), "60s", 1000, 86400000,
		"For one file; in whole seconds."},
	{"cpu", SETTING_COUNT, AT(cpu_percent), "20", 1, 100,
		"Percent of one processor the scan may use."},
	{"depth", SETTING_COUNT, AT(depth_max), "2048", 1, WALK_DEPTH_MAX,
		"Folders below a path."},
	{"one-filesystem", SETTING_FLAG, AT(one_filesystem), "false", 0, 0,
		"Stay on the file system of each path. File systems of the kernel (/proc) are "
		"never entered."},
	{"network", SETTING_FLAG, AT(network), "false", 0, 0,
		"Enter NFS, SMB and FUSE below a path."},
	{"test", SETTING_FLAG, AT(test), "false", 0, 0,
		"Hits are marked as test or drill and kept out of statistics."},
	{0},
};

#undef AT
#define AT(member) offsetof(struct yara_settings, member)

const struct setting yara_settings_table[] = {
	{"rules", SETTING_PATHS, AT(rules), "[/etc/soc-agent/yara]", 1, 256,
		"Rule sources: files, and folders with .yar and .yara files."},
	{"memory", SETTING_BYTES, AT(memory_max), "1GiB", 16 << 20, UINT64_C(1) << 40,
		"Address space of the scanning process, beside the file it looks at."},
	{"silence", SETTING_DURATION, AT(silence_ms), "10m", 1000, 86400000,
		"A scan that does not move for so long is killed."},
	{"scans", SETTING_SECTIONS, AT(scans), NULL, 0, YARA_SCANS_MAX,
		"Scans, one after the other.", .table = scan_table,
		.size = sizeof(struct yara_scan_settings),
		.example = "- name: system\n  paths: [/etc, /home, /usr]"},
	{0},
};

bool yara_settings_check(const struct yara_settings *settings, size_t n, struct err *err)
{
	const struct yara_scan_settings *scans = settings->scans.items;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(scans[i].name, scans[n].name) == 0)
			return err_set(err, "another scan has the name '%s'", scans[n].name);
	}
	return true;
}
