#include "collector/national/profile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "collector/national/national_files.h"
#include "common/conf.h"
#include "common/file.h"

#define W3C "http://www.w3.org/"

struct loaded {
	struct national_profile profile; /* first: what callers hold */
	struct conf *conf;
	char *dir;
};

/* ---- tables ------------------------------------------------------------------- */

#define AT(member) offsetof(struct national_sender, member)
static const struct setting sender_table[] = {
	{"organ-id", SETTING_TEXT, AT(organ_id), NULL, 1, 35,
		"Electronic identifier (mã định danh) of the sender. QCVN 102:2016/BTTTT "
		"amendment 1:2022 allows 35 characters; some receivers still take 13 only.",
		.example = "H47"},
	{"organization-in-charge", SETTING_TEXT, AT(organization_in_charge), "", 0, 255,
		"The agency above the sender (cơ quan chủ quản); in the extended shape, unless "
		"empty."},
	{"organ-name", SETTING_TEXT, AT(organ_name), NULL, 1, 255, "Name of the sender.",
		.example = "\"Trung tâm An ninh mạng tỉnh\""},
	{"organ-address", SETTING_TEXT, AT(organ_address), NULL, 1, 255, "Its address.",
		.example = "\"1 đường Trần Phú\""},
	{"email", SETTING_TEXT, AT(email), NULL, 1, 100, "Whom the receiver writes to.",
		.example = "soc@songthu.example"},
	{"telephone", SETTING_TEXT, AT(telephone), NULL, 1, 20, "Whom the receiver calls.",
		.example = "\"+84.235.000.0000\""},
	{"fax", SETTING_TEXT, AT(fax), "", 0, 20, "Fax number."},
	{"website", SETTING_TEXT, AT(website), "", 0, 100, "Web site."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct national_xml, member)
static const struct setting xml_table[] = {
	{"namespace", SETTING_TEXT, AT(namespace), "http://www.mic.gov.vn/TBT/QCVN_102_2016", 1,
		255,
		"Namespace of edXML elements. Seen elsewhere: http://edxml.gov.vn/schema."},
	{"canonicalization", SETTING_TEXT, AT(canonicalization),
		"http://www.w3.org/2001/10/xml-exc-c14n#", 1, 255,
		"Name of exclusive canonicalization in signatures. One receiver's sample has "
		"http://www.w3.org/TR/xml-exc-c14n/ for the same method."},
	{"signature-method", SETTING_TEXT, AT(signature_method),
		"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", 1, 255,
		"Name of RSA with SHA-256 in signatures."},
	{"digest-method", SETTING_TEXT, AT(digest_method),
		"http://www.w3.org/2001/04/xmlenc#sha256", 1, 255,
		"Name of SHA-256 in signatures."},
	{0},
};
#undef AT

static const char *const shape_names[] = {"edxml", "extended", NULL};

#define AT(member) offsetof(struct national_malware, member)
static const struct setting malware_table[] = {
	{"product", SETTING_TEXT, AT(product), "SOC", 1, 255,
		"Name of the product that reports (AVReport name)."},
	{"shape", SETTING_CHOICE, AT(shape), "edxml", 0, 0,
		"edxml: Công văn 2290/BTTTT-CATTT. extended: with path, hash and public "
		"address, as the annex of Công văn 8676/A05-TT4 has them.",
		shape_names},
	{"period", SETTING_DURATION, AT(period_ms), "15m", 60000, 86400000,
		"A report goes out at least so often, also when nothing was found."},
	{"gather", SETTING_DURATION, AT(gather_ms), "10s", 0, 3600000,
		"A new finding is reported at once; those that follow wait for so long "
		"after a report."},
	{"batch", SETTING_COUNT, AT(batch), "1000", 1, 1000, "Findings in one report."},
	{"report-size", SETTING_BYTES, AT(report_size), "700KiB", 16 << 10, 3 << 20,
		"A report is closed when it has grown to this size; stay well below the "
		"largest message that the receiver takes."},
	{"mask-key", SETTING_PATH, AT(mask_key), "", 0, 0,
		"File of 16 to 64 random bytes, mode 0600. With it the user in the path of a "
		"file becomes a token, the same for the same name; without it, one word for "
		"all."},
	{"device", SETTING_TEXT, AT(device), "Unknown", 1, 64,
		"TypeOfDevice: the kind of storage, which agents do not report yet."},
	{"no-address", SETTING_TEXT, AT(no_address), "0.0.0.0", 0, 64,
		"Address of a machine that did not tell one."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct national_statistics, member)
static const struct setting statistics_table[] = {
	{"malware-names", SETTING_COUNT, AT(malware_names), "500", 1, 10000,
		"Names of malware listed for one agency in one message, the most frequent "
		"ones; the rest is summed up."},
	{0},
};
#undef AT

#define AT(member) offsetof(struct national_profile, member)
const struct setting national_profile_table[] = {
	{"sender", SETTING_SECTION, AT(sender), NULL, 0, 0,
		"Who reports: edXML:From of every message in XML.", .table = sender_table},
	{"xml", SETTING_SECTION, AT(xml), NULL, 0, 0, "Names that receivers spell differently.",
		.table = xml_table},
	{"malware", SETTING_SECTION, AT(malware), NULL, 0, 0, "The malware report (M1).",
		.table = malware_table},
	{"statistics", SETTING_SECTION, AT(statistics), NULL, 0, 0, "Statistics (M3).",
		.table = statistics_table},
	{0},
};
#undef AT

/* ---- loading ------------------------------------------------------------------ */

static bool builtin(const char *name, struct strbuf *out, struct err *err)
{
	for (const struct builtin_file *file = national_files; file->name != NULL; file++) {
		if (strcmp(file->name, name) == 0) {
			strbuf_add(out, file->bytes);
			return !out->overflow || err_set(err, "%s: too large", name);
		}
	}
	return err_set(err, "%s: not built in", name);
}

bool national_document(const struct national_profile *profile, const char *name,
	struct strbuf *out, struct err *err)
{
	char path[PATH_MAX];

	if (profile->dir == NULL)
		return builtin(name, out, err);
	snprintf(path, sizeof(path), "%s/%s", profile->dir, name);
	return file_read(path, out, err);
}

static struct conf *parse(struct loaded *loaded, struct strbuf *mistakes)
{
	struct strbuf text = STRBUF_INIT(PROFILE_DOCUMENT_MAX);
	struct conf *conf = NULL;
	char path[PATH_MAX] = "profile.yaml";
	struct err err;

	if (loaded->dir != NULL)
		snprintf(path, sizeof(path), "%s/profile.yaml", loaded->dir);
	if (!national_document(&loaded->profile, "profile.yaml", &text, &err))
		strbuf_addf(mistakes, "%s\n", err.text);
	else
		conf = conf_parse(path, strbuf_slice(&text), national_profile_table,
			&loaded->profile, mistakes);
	strbuf_done(&text);
	return conf;
}

/* Names of the W3C are those of methods: another one would say what is not true. */
static void check_method(const struct loaded *loaded, struct mistakes *mistakes,
	const char *const *name, const char *right, const char *also)
{
	if (strncmp(*name, W3C, strlen(W3C)) == 0 && strcmp(*name, right) != 0 &&
		(also == NULL || strcmp(*name, also) != 0))
		mistake_add(mistakes, conf_at(loaded->conf, name),
			"%s is another method than the one in use, %s",
			MISTAKE_TEXT(slice_str(*name)), right);
}

static bool check_methods(const struct loaded *loaded, struct strbuf *out)
{
	const struct national_xml *xml = &loaded->profile.xml;
	struct mistakes mistakes =
		mistakes_into(out, conf_at(loaded->conf, &xml->signature_method).file);

	check_method(loaded, &mistakes, &xml->canonicalization, W3C "2001/10/xml-exc-c14n#",
		W3C "TR/xml-exc-c14n/");
	check_method(loaded, &mistakes, &xml->signature_method,
		W3C "2001/04/xmldsig-more#rsa-sha256", NULL);
	check_method(loaded, &mistakes, &xml->digest_method, W3C "2001/04/xmlenc#sha256", NULL);
	return mistakes_end(&mistakes);
}

static bool others_may_read(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

static bool read_mask_key(struct loaded *loaded, struct strbuf *mistakes)
{
	struct national_profile *profile = &loaded->profile;
	struct strbuf key = STRBUF_INIT(PROFILE_MASK_KEY_MAX);
	struct pos at = conf_at(loaded->conf, &profile->malware.mask_key);
	struct err err;
	bool done = true;

	if (profile->malware.mask_key[0] == '\0')
		return true;
	if (!file_read(profile->malware.mask_key, &key, &err))
		done = err_within(&err, "%s:%u:%u", at.file, at.line, at.column);
	else if (others_may_read(profile->malware.mask_key))
		done = err_at(&err, at, "%s: others may read it, expected mode 0600",
			profile->malware.mask_key);
	else if (key.len < PROFILE_MASK_KEY_MIN)
		done = err_at(&err, at, "%s: %zu bytes, expected %d to %d",
			profile->malware.mask_key, key.len, PROFILE_MASK_KEY_MIN,
			PROFILE_MASK_KEY_MAX);
	if (done) {
		memcpy(profile->mask_key, key.ptr, key.len);
		profile->mask_key_len = key.len;
	} else {
		strbuf_addf(mistakes, "%s\n", err.text);
	}
	strbuf_done(&key);
	return done;
}

struct national_profile *national_profile_load(const char *dir, struct strbuf *mistakes)
{
	struct loaded *loaded = calloc(1, sizeof(*loaded));

	if (loaded == NULL || (dir != NULL && (loaded->dir = strdup(dir)) == NULL))
		abort();
	loaded->profile.dir = loaded->dir;
	loaded->conf = parse(loaded, mistakes);
	if (loaded->conf != NULL && check_methods(loaded, mistakes) &&
		read_mask_key(loaded, mistakes))
		return &loaded->profile;
	national_profile_free(&loaded->profile);
	return NULL;
}

void national_profile_free(struct national_profile *profile)
{
	struct loaded *loaded = (struct loaded *)profile;

	if (loaded == NULL)
		return;
	conf_free(loaded->conf);
	free(loaded->dir);
	free(loaded);
}
