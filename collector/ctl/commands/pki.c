#include "collector/ctl/commands/pki.h"

#include <stdio.h>

#include "collector/ctl/commands/pki_run.h"
#include "common/cli/help.h"
#include "common/clock.h"

#define OPTION_DIR                                                                             \
	{                                                                                      \
		.name = "dir", .value = "DIR", .help = "folder of the CA", .standard = "pki"   \
	}
#define OPTION_FORCE(text)                                                                     \
	{                                                                                      \
		.name = "force", .help = (text)                                                \
	}

static const struct option_spec init_options[] = {
	OPTION_DIR,
	{.name = "name",
		.value = "TEXT",
		.help = "common name of the CA",
		.standard = "SOC demo CA"},
	{.name = "days",
		.value = "N",
		.help = "life of the CA's certificate",
		.standard = "3652"},
	OPTION_FORCE("set an existing CA aside (ca.key.old, ...) and make a new one"),
	{0},
};

static const struct option_spec issue_options[] = {
	OPTION_DIR,
	{.name = "agency", .value = "N", .help = "agent: internal number of its agency"},
	{.name = "host", .value = "M", .help = "agent: internal number of its host"},
	{.name = "collector", .value = "NAME", .help = "collector: its name"},
	{.name = "client",
		.value = "CN",
		.help = "another TLS client, such as one of a broker"},
	{.name = "server", .value = "CN", .help = "another TLS server, such as a broker"},
	{.name = "signer", .value = "NAME", .help = "signs documents: XML-DSig, JWS"},
	{.name = "name", .value = "TEXT", .help = "common name; what people read"},
	{.name = "dns",
		.value = "NAME",
		.help = "collector, server: DNS name",
		.most = PKI_HOSTS_MAX},
	{.name = "ip",
		.value = "ADDR",
		.help = "collector, server: address",
		.most = PKI_HOSTS_MAX},
	{.name = "key", .value = "TYPE", .help = "p256 or rsa3072", .standard = "p256"},
	{.name = "csr",
		.value = "FILE",
		.help = "take the key of this request; no key is made"},
	{.name = "days", .value = "N", .help = "life of the certificate", .standard = "90"},
	{.name = "out",
		.value = "DIR",
		.help = "folder for the files; else 'issued' in the CA's"},
	OPTION_FORCE("replace existing files of that name"),
	{0},
};

static const struct option_spec revoke_options[] = {
	OPTION_DIR,
	{.name = "reason",
		.value = "REASON",
		.help = "keyCompromise, superseded, cessationOfOperation, ... (RFC 5280)",
		.standard = "unspecified"},
	{.name = "days", .value = "N", .help = "life of the new CRL", .standard = "7"},
	{0},
};

static const struct option_spec crl_options[] = {
	OPTION_DIR,
	{.name = "days", .value = "N", .help = "life of the CRL", .standard = "7"},
	{0},
};

static const struct option_spec list_options[] = {
	OPTION_DIR,
	{.name = "all", .help = "expired ones too"},
	{.name = "json", .help = "JSON Lines instead of a table"},
	{0},
};

static const struct option_spec show_options[] = {
	OPTION_DIR,
	{0},
};

const struct command pki_commands[] = {
	{
		.group = "pki",
		.name = "init",
		.summary = "make a CA: key (P-256), certificate, empty CRL",
		.details = "The key is written without a passphrase: keep the folder on a "
			   "machine\n"
			   "that is offline, and hand out ca.pem and crl.pem alone.",
		.options = init_options,
		.run = pki_run_init,
	},
	{
		.group = "pki",
		.name = "issue",
		.summary = "make a key and a certificate for it",
		.details = "  soc-ctl pki issue --agency 7 --host 42 --name web01\n"
			   "  soc-ctl pki issue --collector hue1 --dns soc.example.vn --ip "
			   "10.0.0.5\n"
			   "  soc-ctl pki issue --signer so-tttt --key rsa3072\n\n"
			   "Agency and host are the internal numbers of the register: they "
			   "survive\n"
			   "renewal and reorganization. Renewal is issuing again.",
		.options = issue_options,
		.run = pki_run_issue,
	},
	{
		.group = "pki",
		.name = "revoke",
		.operands = "NAME|SERIAL...",
		.operands_min = 1,
		.operands_max = ARGUMENTS_ANY,
		.summary = "revoke certificates and make a new CRL",
		.details =
			"A NAME (as 'list' shows it) stands for all its valid certificates.\n"
			"Collectors refuse them once they have loaded the new crl.pem.",
		.options = revoke_options,
		.run = pki_run_revoke,
	},
	{
		.group = "pki",
		.name = "crl",
		.summary = "make a new CRL; needed before the present one expires",
		.options = crl_options,
		.run = pki_run_crl,
	},
	{
		.group = "pki",
		.name = "list",
		.summary = "list the certificates that were issued",
		.options = list_options,
		.run = pki_run_list,
	},
	{
		.group = "pki",
		.name = "show",
		.operands = "NAME|SERIAL|FILE",
		.operands_min = 1,
		.operands_max = 1,
		.summary = "show certificates: from the records, or one in a PEM file",
		.options = show_options,
		.run = pki_run_show,
	},
	{0},
};

int pki_failed(const struct err *err)
{
	fprintf(stderr, "soc-ctl: %s\n", err->text);
	return EXIT_FAILED;
}

int pki_misused(const struct arguments *arguments, const struct err *err)
{
	char name[64];

	help_name(arguments->program, arguments->command, name, sizeof(name));
	fprintf(stderr, "%s: %s\ntry: %s --help\n", name, err->text, name);
	return EXIT_USAGE;
}

struct ca *pki_open(const struct arguments *arguments, enum ca_mode mode, struct err *err)
{
	const char *dir = arguments_text(arguments, "dir");
	struct ca *ca = ca_open(dir, mode, err);

	if (ca != NULL && ca_torn(ca) > 0)
		fprintf(stderr,
			"soc-ctl: warning: the last record of %s/issued.jsonl was torn (%zu "
			"bytes); "
			"its certificate was never handed out\n",
			dir, ca_torn(ca));
	return ca;
}

const char *pki_state(const struct ca_record *record, int64_t now_ns)
{
	if (record->revoked_ns != CLOCK_NONE)
		return "revoked";
	if (now_ns >= record->not_after_ns)
		return "expired";
	return now_ns < record->not_before_ns ? "not yet valid" : "valid";
}
