/*
 * profile - what the nation wants to hear from whom, as configuration (decision 12)
 *
 * The folder configs/national/: profile.yaml with the sender, namespaces and
 * algorithm names, periods and bounds; dictionary.yaml, which says what every
 * number counts; schemas/. A copy of the folder is built into the program, so
 * that `feed check` works anywhere.
 *
 * Immutable once loaded; any thread.
 */
#ifndef COLLECTOR_NATIONAL_PROFILE_H
#define COLLECTOR_NATIONAL_PROFILE_H

#include "common/err.h"
#include "common/setting.h"
#include "common/strbuf.h"

enum {
	PROFILE_DOCUMENT_MAX = 1 << 20, /* bytes of one file of the folder */
	PROFILE_MASK_KEY_MIN = 16,      /* bytes */
	PROFILE_MASK_KEY_MAX = 64,
};

/* edXML:From of QCVN 102:2016/BTTTT and, for its successors, the agency in charge. */
struct national_sender {
	const char *organ_id; /* at most 35 bytes */
	const char *organization_in_charge;
	const char *organ_name, *organ_address;
	const char *email, *telephone, *fax, *website;
};

struct national_xml {
	const char *namespace; /* of edXML elements */
	const char *canonicalization;
	const char *signature_method, *digest_method;
};

enum malware_shape {
	MALWARE_EDXML,    /* Công văn 2290/BTTTT-CATTT */
	MALWARE_EXTENDED, /* with the fields of Công văn 8676/A05-TT4 */
};

struct national_malware {
	const char *product;    /* AVReport/@name */
	int shape;              /* enum malware_shape */
	uint64_t period_ms;     /* a report at least so often, also when nothing was found */
	uint64_t gather_ms;     /* after a report, new findings wait so long for company */
	uint32_t batch;         /* findings in one report */
	uint64_t report_size;   /* bytes of one report, about */
	const char *mask_key;   /* file; "" = none: names of users become one word */
	const char *device;     /* TypeOfDevice */
	const char *no_address; /* Machine/@ip of a host whose address is not known */
};

struct national_statistics {
	uint32_t malware_names; /* of one agency in one message; the rest is summed up */
};

struct national_profile {
	struct national_sender sender;
	struct national_xml xml;
	struct national_malware malware;
	struct national_statistics statistics;

	const char *dir; /* NULL: the built-in copy */
	unsigned char mask_key[PROFILE_MASK_KEY_MAX];
	size_t mask_key_len; /* 0 = no key */
};

extern const struct setting national_profile_table[];

/*
 * Reads DIR/profile.yaml; `dir` NULL takes the built-in copy. NULL when there are mistakes:
 * they are added to `mistakes`, a line each. The caller frees.
 */
MUST_USE struct national_profile *national_profile_load(
	const char *dir, struct strbuf *mistakes);

/* NULL is fine. */
void national_profile_free(struct national_profile *profile);

/* Appends a file of the folder: "schemas/soc-statistics-1.schema.json". */
MUST_USE bool national_document(const struct national_profile *profile, const char *name,
	struct strbuf *out, struct err *err);

#endif
