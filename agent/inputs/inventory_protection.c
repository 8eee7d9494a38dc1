#include <unistd.h>

#include "agent/inputs/inventory_parts.h"

enum {
	SETTINGS_MAX = 1 << 20, /* bytes read of a settings file */
	SIGNATURE_HEAD = 512,   /* ClamAV: the head of a signature file */
};

/* Names as the kernel keeps them: 15 bytes. */
const char *const inventory_programs[] = {"clamd", "freshclam", "kesl", "ds_agent",
	"falcon-sensor", "falcon-sensor-b", "savd", "sophos_threat_d", "bdservicehost",
	"oaeventd", "eraagent", "mdatp", "wdavdaemon", "firewalld", NULL};

/* ---- antivirus -------------------------------------------------------------------- */

struct product {
	const char *name;
	const char *sign; /* a file or folder an installation has */
	const char *programs[3];
};

static const struct product products[] = {
	{"ClamAV", "usr/sbin/clamd", {"clamd"}},
	{"Kaspersky Endpoint Security", "opt/kaspersky/kesl", {"kesl"}},
	{"Trend Micro Deep Security", "opt/ds_agent", {"ds_agent"}},
	{"CrowdStrike Falcon", "opt/CrowdStrike", {"falcon-sensor", "falcon-sensor-b"}},
	{"Sophos", "opt/sophos-spl", {"savd", "sophos_threat_d"}},
	{"Bitdefender", "opt/bitdefender-security-tools", {"bdservicehost"}},
	{"ESET", "opt/eset", {"oaeventd", "eraagent"}},
	{"Microsoft Defender", "opt/microsoft/mdatp", {"wdavdaemon", "mdatp"}},
};

static bool product_runs(
	const struct product *product, const struct inventory_processes *processes)
{
	for (size_t i = 0; i < ARRAY_LEN(product->programs) && product->programs[i]; i++)
		if (inventory_runs(processes, product->programs[i]))
			return true;
	return false;
}

/* "ClamAV-VDB:07 Sep 2023 09-26 +0000:27023:2044441:90:MD5:SIGNATURE:BUILDER:1694078816 " */
static bool signature_time(int root, const char *path, int64_t *seconds)
{
	char head[SIGNATURE_HEAD];
	struct slice text, part = SLICE_NONE;
	uint64_t value;
	int fd = inventory_open(root, path);

	if (fd < 0)
		return false;
	ssize_t n = read(fd, head, sizeof(head));
	close(fd);
	text = slice_of(head, n > 0 ? (size_t)n : 0);
	if (!slice_starts(text, SLICE_LIT("ClamAV-VDB:")))
		return false;
	for (int i = 0; i < 9; i++)
		if (!slice_cut(&text, ':', &part))
			return false;
	part = slice_trim(slice_head(part, slice_find(part, '\0')));
	if (!slice_to_u64(part, INT32_MAX, &value))
		return false;
	*seconds = (int64_t)value;
	return true;
}

/* The newest of the signature files. */
static bool clamav_signatures(int root, int64_t *newest)
{
	static const char *const files[] = {"var/lib/clamav/daily.cvd",
		"var/lib/clamav/daily.cld", "var/lib/clamav/main.cvd",
		"var/lib/clamav/main.cld"};
	bool known = false;
	int64_t seconds = 0;

	*newest = 0;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (signature_time(root, files[i], &seconds) && (!known || seconds > *newest)) {
			*newest = seconds;
			known = true;
		}
	return known;
}

static bool exists(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static void put_product(struct inventory_report *report, const struct product *product,
	const struct inventory_processes *processes)
{
	struct json *json = &report->json;
	bool runs = product_runs(product, processes);
	int64_t signatures;

	if (!runs && !exists(report->root, product->sign))
		return;
	json_object(json);
	json_put_str(json, "name", product->name);
	if (processes->known)
		json_put_bool(json, "running", runs);
	if (product == &products[0] && clamav_signatures(report->root, &signatures))
		inventory_moment(json, "signatures", signatures);
	json_object_end(json);
}

/* ---- firewalls --------------------------------------------------------------------- */

enum answer { NO, YES, UNKNOWN };

static void put_firewall(
	struct json *json, const char *kind, enum answer active, bool counted, uint64_t rules)
{
	json_object(json);
	json_put_str(json, "kind", kind);
	if (active != UNKNOWN)
		json_put_bool(json, "active", active == YES);
	if (counted)
		json_put_u64(json, "rules", rules);
	json_object_end(json);
}

static uint64_t count_lines(struct slice text, struct slice start)
{
	struct slice line;
	uint64_t n = 0;

	while (slice_cut(&text, '\n', &line))
		n += slice_starts(line, start);
	return n;
}

/* ENABLED=yes in its settings; rules as its own tool writes them down. */
static void put_ufw(struct inventory_report *report)
{
	struct strbuf text = STRBUF_INIT(SETTINGS_MAX);
	bool found = inventory_read(report->root, "etc/ufw/ufw.conf", &text);
	bool enabled = found && count_lines(strbuf_slice(&text), SLICE_LIT("ENABLED=yes")) > 0;

	strbuf_reset(&text);
	if (found) {
		bool counted = inventory_read(report->root, "etc/ufw/user.rules", &text);

		put_firewall(&report->json, "ufw", enabled ? YES : NO, counted,
			count_lines(strbuf_slice(&text), SLICE_LIT("### tuple ###")));
	}
	strbuf_done(&text);
}

static void put_firewalld(
	struct inventory_report *report, const struct inventory_processes *processes)
{
	bool runs = inventory_runs(processes, "firewalld");

	if (runs || exists(report->root, "usr/sbin/firewalld"))
		put_firewall(&report->json, "firewalld",
			processes->known ? (runs ? YES : NO) : UNKNOWN, false, 0);
}

/* Tables in use by the older iptables; the file is for root alone. */
static void put_iptables(struct inventory_report *report)
{
	struct strbuf text = STRBUF_INIT(SETTINGS_MAX);

	if (inventory_read(report->root, "proc/1/net/ip_tables_names", &text) ||
		inventory_read(report->root, "proc/net/ip_tables_names", &text))
		put_firewall(&report->json, "iptables", text.len > 0 ? YES : NO, false, 0);
	strbuf_done(&text);
}

/* That its part of the kernel is loaded can be read; its rules need CAP_NET_ADMIN. */
static void put_nftables(struct inventory_report *report)
{
	struct strbuf text = STRBUF_INIT(SETTINGS_MAX);

	if (inventory_read(report->root, "proc/modules", &text) &&
		count_lines(strbuf_slice(&text), SLICE_LIT("nf_tables ")) > 0)
		put_firewall(&report->json, "nftables", UNKNOWN, false, 0);
	strbuf_done(&text);
}

void inventory_protection(
	struct inventory_report *report, const struct inventory_processes *processes)
{
	json_key(&report->json, SLICE_LIT("soc.antivirus"));
	json_array(&report->json);
	for (size_t i = 0; i < ARRAY_LEN(products); i++)
		put_product(report, &products[i], processes);
	json_array_end(&report->json);

	json_key(&report->json, SLICE_LIT("soc.firewall"));
	json_array(&report->json);
	put_nftables(report);
	put_iptables(report);
	put_ufw(report);
	put_firewalld(report, processes);
	json_array_end(&report->json);
}
