/* pki_issue - soc-ctl pki issue */

#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collector/ctl/commands/pki_run.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/revocation.h"

enum { LEAF_DAYS_MAX = 3652 };

/* What was asked for, and where it goes. */
struct order {
	struct pki_request request;
	const char *dns[PKI_HOSTS_MAX], *ip[PKI_HOSTS_MAX];
	char common_name[PKI_NAME_MAX + 32];
	char name[CA_NAME_MAX];
	enum pki_key key;
	const char *csr; /* NULL = a key is made */
	char dir[PATH_MAX - CA_NAME_MAX - 8];
	char cert_file[PATH_MAX], key_file[PATH_MAX];
};

/* ---- reading the order --------------------------------------------------------- */

static bool read_profile(
	const struct arguments *arguments, struct order *order, struct err *err)
{
	static const struct {
		const char *option;
		enum pki_profile profile;
	} choices[] = {
		{"agency", PKI_AGENT},
		{"collector", PKI_COLLECTOR},
		{"client", PKI_CLIENT},
		{"server", PKI_SERVER},
		{"signer", PKI_SIGNER},
	};
	unsigned chosen = 0;

	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (arguments_text(arguments, choices[i].option) == NULL)
			continue;
		order->request.profile = choices[i].profile;
		order->request.label = arguments_text(arguments, choices[i].option);
		order->request.common_name = order->request.label;
		chosen++;
	}
	return chosen == 1 ||
	       err_set(err, "one of --agency with --host, --collector, --client, "
			    "--server, --signer is needed");
}

static bool read_agent(const struct arguments *arguments, struct order *order, struct err *err)
{
	struct tls_peer *identity = &order->request.identity;
	bool has_host = arguments_text(arguments, "host") != NULL;

	if (order->request.profile != PKI_AGENT)
		return !has_host || err_set(err, "--host belongs to --agency");
	if (!has_host)
		return err_set(err, "--agency needs --host");
	identity->kind = TLS_PEER_AGENT;
	if (!arguments_number(arguments, "agency", 1, UINT32_MAX, &identity->agency, err) ||
		!arguments_number(arguments, "host", 1, UINT32_MAX, &identity->host, err))
		return false;
	snprintf(order->common_name, sizeof(order->common_name), "agent-%u-%u",
		identity->agency, identity->host);
	order->request.common_name = order->common_name;
	return true;
}

static bool read_collector(
	const struct arguments *arguments, struct order *order, struct err *err)
{
	struct tls_peer *identity = &order->request.identity;
	const char *name = arguments_text(arguments, "collector");

	if (order->request.profile != PKI_COLLECTOR)
		return true;
	identity->kind = TLS_PEER_COLLECTOR;
	if ((size_t)snprintf(identity->name, sizeof(identity->name), "%s", name) >=
		sizeof(identity->name))
		return err_set(
			err, "a collector's name has at most %d characters", TLS_NAME_MAX - 1);
	return true;
}

static bool read_key(const struct arguments *arguments, struct order *order, struct err *err)
{
	const char *type = arguments_text(arguments, "key");

	order->csr = arguments_text(arguments, "csr");
	if (strcmp(type, "p256") == 0)
		order->key = PKI_KEY_P256;
	else if (strcmp(type, "rsa3072") == 0)
		order->key = PKI_KEY_RSA3072;
	else
		return err_set(err, "--key is p256 or rsa3072, not '%s'", type);
	return true;
}

static bool read_places(const struct arguments *arguments, struct order *order, struct err *err)
{
	const char *out = arguments_text(arguments, "out");
	int len = out != NULL ? snprintf(order->dir, sizeof(order->dir), "%s", out)
			      : snprintf(order->dir, sizeof(order->dir), "%s/issued",
					arguments_text(arguments, "dir"));

	if ((size_t)len >= sizeof(order->dir))
		return err_set(err, "the folder's name is too long");
	ca_name(&order->request, order->name);
	snprintf(order->cert_file, sizeof(order->cert_file), "%s/%s.pem", order->dir,
		order->name);
	snprintf(
		order->key_file, sizeof(order->key_file), "%s/%s.key", order->dir, order->name);
	return true;
}

static bool read_order(const struct arguments *arguments, struct order *order, struct err *err)
{
	struct pki_request *request = &order->request;

	*order = (struct order){0};
	if (!read_profile(arguments, order, err) || !read_agent(arguments, order, err) ||
		!read_collector(arguments, order, err) || !read_key(arguments, order, err) ||
		!arguments_number(arguments, "days", 1, LEAF_DAYS_MAX, &request->days, err))
		return false;
	if (arguments_text(arguments, "name") != NULL)
		request->common_name = arguments_text(arguments, "name");
	request->dns = order->dns;
	request->ip = order->ip;
	request->n_dns = arguments_list(arguments, "dns", order->dns, PKI_HOSTS_MAX);
	request->n_ip = arguments_list(arguments, "ip", order->ip, PKI_HOSTS_MAX);
	return pki_check_request(request, err) && read_places(arguments, order, err);
}

/* ---- doing it ------------------------------------------------------------------ */

static bool is_free(const char *path, struct err *err)
{
	if (access(path, F_OK) != 0)
		return true;
	return err_set(
		err, "%s exists already; --force replaces it, nothing was changed", path);
}

static EVP_PKEY *key_of_csr(const char *path, struct err *err)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	EVP_PKEY *key = NULL;

	if (file_read(path, &text, err)) {
		key = pki_csr_key(strbuf_slice(&text), err);
		if (key == NULL)
			err_within(err, "%s", path);
	}
	strbuf_done(&text);
	return key;
}

static bool write_key(const struct order *order, EVP_PKEY *key, struct err *err)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	bool ok = pki_key_pem(key, &text, err) &&
		  file_replace(order->key_file, strbuf_slice(&text), 0600, err);

	if (text.ptr != NULL)
		OPENSSL_cleanse(text.ptr, text.capacity);
	strbuf_done(&text);
	return ok;
}

static bool write_cert(const struct order *order, X509 *cert, struct err *err)
{
	struct strbuf text = STRBUF_INIT(PKI_PEM_MAX);
	bool ok = pki_cert_pem(cert, &text, err) &&
		  file_replace(order->cert_file, strbuf_slice(&text), 0644, err);

	strbuf_done(&text);
	return ok;
}

static void tell_earlier(const struct ca *ca, const char *name, int64_t now)
{
	size_t n = 0;
	const struct ca_record *records = ca_records(ca, &n);

	for (size_t i = 0; i + 1 < n; i++) {
		if (strcmp(records[i].name, name) == 0 &&
			strcmp(pki_state(&records[i], now), "valid") == 0)
			printf("note: an earlier certificate of %s stays valid; when it is no "
			       "longer used: soc-ctl pki revoke %s\n",
				name, records[i].serial);
	}
}

static void tell(const struct ca *ca, const struct order *order)
{
	size_t n = 0;
	const struct ca_record *record = &ca_records(ca, &n)[n - 1];
	char until[CLOCK_TEXT_MAX];

	printf("issued %s (%s)\n  certificate  %s\n", order->name, record->subject,
		order->cert_file);
	if (order->csr == NULL)
		printf("  key          %s\n", order->key_file);
	printf("  names        %s\n  serial       %s\n  valid until  %s\n", record->names,
		record->serial, clock_format_utc(record->not_after_ns, 0, until));
}

static bool issue(struct ca *ca, const struct order *order, struct err *err)
{
	int64_t now = clock_wall_ns();
	EVP_PKEY *key =
		order->csr != NULL ? key_of_csr(order->csr, err) : pki_key_new(order->key, err);
	X509 *cert = key != NULL ? ca_issue(ca, key, &order->request, now, err) : NULL;
	bool ok = cert != NULL && (order->csr != NULL || write_key(order, key, err)) &&
		  write_cert(order, cert, err);

	if (ok) {
		tell(ca, order);
		tell_earlier(ca, order->name, now);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static bool prepare(
	const struct arguments *arguments, const struct order *order, struct err *err)
{
	if (!arguments_flag(arguments, "force") &&
		(!is_free(order->cert_file, err) ||
			(order->csr == NULL && !is_free(order->key_file, err))))
		return false;
	return file_make_dirs(order->dir, 0700, err);
}

int pki_run_issue(const struct arguments *arguments)
{
	struct order order;
	struct err err;

	if (!read_order(arguments, &order, &err))
		return pki_misused(arguments, &err);
	struct ca *ca = pki_open(arguments, CA_WRITE, &err);
	bool ok = ca != NULL && prepare(arguments, &order, &err) && issue(ca, &order, &err);
	ca_close(ca);
	return ok ? EXIT_DONE : pki_failed(&err);
}
