#include "collector/signer/signer.h"

static const char *const algorithm_names[] = {"ES256", "RS256", "PS256", NULL};

#define AT(member) offsetof(struct signer_key_settings, member)

static const struct setting jws_table[] = {
	{"key", SETTING_PATH, AT(key), "pki/signer-jws.key", 0, 0,
		"Private key (PEM) that signs JSON messages; read by the signer's process "
		"only."},
	{"certificate", SETTING_PATH, AT(certificate), "pki/signer-jws.pem", 0, 0,
		"Its certificate (PEM)."},
	{"algorithm", SETTING_CHOICE, AT(algorithm), "ES256", 0, 0,
		"ES256 asks for a P-256 key, RS256 and PS256 for RSA.", algorithm_names},
	{0},
};

static const struct setting xml_table[] = {
	{"key", SETTING_PATH, AT(key), "pki/signer-xml.key", 0, 0,
		"Private RSA key (PEM) that signs XML messages."},
	{"certificate", SETTING_PATH, AT(certificate), "pki/signer-xml.pem", 0, 0,
		"Its certificate (PEM); goes into the messages."},
	{"algorithm", SETTING_CHOICE, AT(algorithm), "RS256", 0, 0,
		"RS256: XML-DSig with RSA-SHA256 is what receivers know, and nothing else is "
		"made.",
		algorithm_names},
	{0},
};

#undef AT
#define AT(member) offsetof(struct signer_settings, member)

const struct setting signer_settings_table[] = {
	{"jws", SETTING_SECTION, AT(jws), NULL, 0, 0,
		"JSON messages: a detached JWS (RFC 7515).", .table = jws_table},
	{"xml", SETTING_SECTION, AT(xml), NULL, 0, 0, "XML messages: XML-DSig.",
		.table = xml_table},
	{0},
};

void signer_settings_check(const struct conf *conf, const struct signer_settings *settings,
	struct mistakes *mistakes)
{
	if (settings->xml.algorithm != SIGNER_RS256)
		mistake_add(mistakes, conf_at(conf, &settings->xml.algorithm),
			"XML messages cannot be signed with %s: expected RS256",
			algorithm_names[settings->xml.algorithm]);
}
