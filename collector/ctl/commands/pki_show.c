/* pki_show - soc-ctl pki list, show */

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/ctl/commands/pki_run.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/json.h"

enum { RECORD_TEXT_MAX = 32 << 10 };

/* ---- list ---------------------------------------------------------------------- */

static void put_json(const struct ca_record *record, int64_t now)
{
	struct strbuf line = STRBUF_INIT(RECORD_TEXT_MAX);
	struct json json = json_into(&line);
	char text[CLOCK_TEXT_MAX];

	json_object(&json);
	json_put_str(&json, "name", record->name);
	json_put_str(&json, "serial", record->serial);
	json_put_str(&json, "state", pki_state(record, now));
	json_put_str(&json, "profile", record->profile);
	json_put_str(&json, "subject", record->subject);
	json_key(&json, SLICE_LIT("names"));
	json_raw(&json, slice_str(record->names));
	json_put_str(&json, "not_before", clock_format_utc(record->not_before_ns, 0, text));
	json_put_str(&json, "not_after", clock_format_utc(record->not_after_ns, 0, text));
	if (record->revoked_ns != CLOCK_NONE) {
		json_put_str(
			&json, "revoked_at", clock_format_utc(record->revoked_ns, 0, text));
		json_put_str(&json, "reason", record->reason);
	}
	json_object_end(&json);
	puts(strbuf_cstr(&line));
	strbuf_done(&line);
}

static void put_row(const struct ca_record *record, int64_t now)
{
	char text[CLOCK_TEXT_MAX];

	printf("%-24s %-8s %s  %-32s  %s\n", record->name, pki_state(record, now),
		clock_format_utc(record->not_after_ns, 0, text), record->serial,
		record->subject);
}

static void list(const struct ca *ca, bool all, bool as_json)
{
	int64_t now = clock_wall_ns();
	size_t n = 0, left_out = 0;
	const struct ca_record *records = ca_records(ca, &n);

	if (!as_json)
		printf("%-24s %-8s %-20s  %-32s  %s\n", "NAME", "STATE", "VALID UNTIL",
			"SERIAL", "SUBJECT");
	for (size_t i = 0; i < n; i++) {
		if (!all && now >= records[i].not_after_ns)
			left_out++;
		else if (as_json)
			put_json(&records[i], now);
		else
			put_row(&records[i], now);
	}
	if (left_out > 0 && !as_json)
		printf("%zu expired ones are left out; --all shows them\n", left_out);
}

int pki_run_list(const struct arguments *arguments)
{
	struct err err;
	struct ca *ca = pki_open(arguments, CA_READ, &err);

	if (ca == NULL)
		return pki_failed(&err);
	list(ca, arguments_flag(arguments, "all"), arguments_flag(arguments, "json"));
	ca_close(ca);
	return EXIT_DONE;
}

/* ---- show ---------------------------------------------------------------------- */

static void show_record(const struct ca_record *record, int64_t now)
{
	char text[CLOCK_TEXT_MAX];

	printf("%s\n  profile      %s\n  subject      %s\n  names        %s\n  serial       "
	       "%s\n",
		record->name, record->profile, record->subject, record->names, record->serial);
	printf("  valid from   %s\n", clock_format_utc(record->not_before_ns, 0, text));
	printf("  valid until  %s\n", clock_format_utc(record->not_after_ns, 0, text));
	printf("  state        %s\n", pki_state(record, now));
	if (record->revoked_ns != CLOCK_NONE)
		printf("  revoked      %s, %s\n", clock_format_utc(record->revoked_ns, 0, text),
			record->reason);
}

static int show_records(const struct arguments *arguments, const char *word)
{
	struct err err;
	struct ca *ca = pki_open(arguments, CA_READ, &err);
	unsigned shown = 0;
	size_t n = 0;

	if (ca == NULL)
		return pki_failed(&err);
	const struct ca_record *records = ca_records(ca, &n);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(records[i].name, word) != 0 && strcmp(records[i].serial, word) != 0)
			continue;
		show_record(&records[i], clock_wall_ns());
		shown++;
	}
	if (shown == 0)
		err_set(&err, "no certificate of '%s', and no such file", word);
	ca_close(ca);
	return shown > 0 ? EXIT_DONE : pki_failed(&err);
}

static void show_cert(X509 *cert)
{
	BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);

	if (out == NULL)
		return;
	X509_print_ex(out, cert, XN_FLAG_RFC2253,
		X509_FLAG_NO_SIGDUMP | X509_FLAG_NO_PUBKEY | X509_FLAG_NO_AUX);
	BIO_free(out);
}

static void show_identity(X509 *cert)
{
	struct tls_peer peer;
	char uri[TLS_URI_MAX];
	struct err err;

	if (tls_identity_of(cert, &peer, &err))
		printf("Identity: %s\nSHA-256: %s\n", tls_identity_uri(&peer, uri),
			peer.fingerprint);
	else
		printf("Identity: none for agents and collectors\n");
}

static int show_file(const char *path)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	X509 *cert = NULL;
	struct err err;

	if (file_read(path, &text, &err)) {
		cert = pki_cert_read(strbuf_slice(&text), &err);
		if (cert == NULL)
			err_within(&err, "%s", path);
	}
	strbuf_done(&text);
	if (cert == NULL)
		return pki_failed(&err);
	show_cert(cert);
	show_identity(cert);
	X509_free(cert);
	return EXIT_DONE;
}

int pki_run_show(const struct arguments *arguments)
{
	const char *word = arguments->operands[0];

	if (strchr(word, '/') != NULL || access(word, F_OK) == 0)
		return show_file(word);
	return show_records(arguments, word);
}
