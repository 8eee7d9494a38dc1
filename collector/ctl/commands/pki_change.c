/* pki_change - soc-ctl pki init, revoke, crl */

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "collector/ctl/commands/pki_run.h"
#include "common/clock.h"
#include "common/nearest.h"
#include "common/revocation.h"

enum { CA_DAYS_MAX = 36500, CRL_DAYS_MAX = 366 };

int pki_run_init(const struct arguments *arguments)
{
	const char *dir = arguments_text(arguments, "dir");
	const char *name = arguments_text(arguments, "name");
	int64_t now = clock_wall_ns();
	char text[CLOCK_TEXT_MAX];
	uint32_t days = 0;
	struct err err;

	if (!arguments_number(arguments, "days", 1, CA_DAYS_MAX, &days, &err))
		return pki_misused(arguments, &err);
	if (!ca_create(dir, name, days, arguments_flag(arguments, "force"), now, &err))
		return pki_failed(&err);

	clock_format_utc(now + days * INT64_C(86400) * CLOCK_NS_PER_S, 0, text);
	printf("made the CA '%s', valid until %s\n"
	       "  certificate  %s/ca.pem       give it to everybody\n"
	       "  key          %s/ca.key       give it to nobody\n"
	       "  CRL          %s/crl.pem      valid %d days; then: soc-ctl pki crl --dir %s\n",
		name, text, dir, dir, dir, PKI_CRL_DAYS, dir);
	return EXIT_DONE;
}

/* ---- CRL ----------------------------------------------------------------------- */

static bool write_crl(struct ca *ca, const struct arguments *arguments, struct err *err)
{
	int64_t now = clock_wall_ns();
	char text[CLOCK_TEXT_MAX];
	uint32_t days = 0;

	if (!arguments_number(arguments, "days", 1, CRL_DAYS_MAX, &days, err) ||
		!ca_write_crl(ca, days, now, err))
		return false;
	clock_format_utc(now + days * INT64_C(86400) * CLOCK_NS_PER_S, 0, text);
	printf("made the CRL %s/crl.pem, valid until %s: collectors and agents need it now\n",
		arguments_text(arguments, "dir"), text);
	return true;
}

static bool days_are_right(const struct arguments *arguments, struct err *err)
{
	uint32_t days = 0;

	return arguments_number(arguments, "days", 1, CRL_DAYS_MAX, &days, err);
}

int pki_run_crl(const struct arguments *arguments)
{
	struct err err;

	if (!days_are_right(arguments, &err))
		return pki_misused(arguments, &err);
	struct ca *ca = pki_open(arguments, CA_WRITE, &err);
	bool ok = ca != NULL && write_crl(ca, arguments, &err);
	ca_close(ca);
	return ok ? EXIT_DONE : pki_failed(&err);
}

/* ---- revoke -------------------------------------------------------------------- */

static bool is_meant(const struct ca_record *record, const char *word)
{
	return strcmp(record->serial, word) == 0 || strcmp(record->name, word) == 0;
}

static bool nobody_meant(const struct ca *ca, const char *word, bool known, struct err *err)
{
	struct nearest nearest = {.word = slice_str(word)};
	size_t n = 0;
	const struct ca_record *records = ca_records(ca, &n);

	if (known)
		return err_set(err, "'%s' has no valid certificate", word);
	for (size_t i = 0; i < n; i++)
		nearest_offer(&nearest, records[i].name);
	if (nearest.best != NULL)
		return err_set(
			err, "no certificate of '%s'; did you mean '%s'?", word, nearest.best);
	return err_set(err, "no certificate of '%s'; soc-ctl pki list shows all", word);
}

/* Looks before anything is changed: a mistyped word among several revokes nobody. */
static bool check_word(const struct ca *ca, const char *word, int64_t now, struct err *err)
{
	bool known = false;
	size_t n = 0;
	const struct ca_record *records = ca_records(ca, &n);

	for (size_t i = 0; i < n; i++) {
		if (!is_meant(&records[i], word))
			continue;
		if (strcmp(pki_state(&records[i], now), "valid") == 0)
			return true;
		known = true;
	}
	return nobody_meant(ca, word, known, err);
}

static bool revoke_word(
	struct ca *ca, const char *word, int reason, int64_t now, struct err *err)
{
	size_t n = 0;
	const struct ca_record *records = ca_records(ca, &n);

	for (size_t i = 0; i < n; i++) {
		if (!is_meant(&records[i], word) ||
			strcmp(pki_state(&records[i], now), "valid") != 0)
			continue;
		if (!ca_revoke(ca, i, reason, now, err))
			return false;
		printf("revoked %s (serial %s): %s\n", records[i].name, records[i].serial,
			records[i].reason);
	}
	return true;
}

static bool revoke(
	struct ca *ca, const struct arguments *arguments, int reason, struct err *err)
{
	int64_t now = clock_wall_ns();

	for (size_t i = 0; i < arguments->n_operands; i++) {
		if (!check_word(ca, arguments->operands[i], now, err))
			return false;
	}
	for (size_t i = 0; i < arguments->n_operands; i++) {
		if (!revoke_word(ca, arguments->operands[i], reason, now, err))
			return false;
	}
	return write_crl(ca, arguments, err);
}

static bool read_reason(const struct arguments *arguments, int *reason, struct err *err)
{
	const char *text = arguments_text(arguments, "reason");
	struct nearest nearest = {.word = slice_str(text)};

	*reason = pki_reason(text);
	if (*reason >= 0)
		return true;
	for (size_t i = 0; pki_reasons[i] != NULL; i++)
		nearest_offer(&nearest, pki_reasons[i]);
	return err_set(err, "'%s' is no reason%s%s", text,
		nearest.best != NULL ? "; did you mean " : "",
		nearest.best != NULL ? nearest.best : "");
}

int pki_run_revoke(const struct arguments *arguments)
{
	struct err err;
	int reason = 0;

	if (!read_reason(arguments, &reason, &err) || !days_are_right(arguments, &err))
		return pki_misused(arguments, &err);
	struct ca *ca = pki_open(arguments, CA_WRITE, &err);
	bool ok = ca != NULL && revoke(ca, arguments, reason, &err);
	ca_close(ca);
	return ok ? EXIT_DONE : pki_failed(&err);
}
