#include "collector/detect/indicators/field_roles.h"

#define USE(role, side)                                                                        \
	{                                                                                      \
		ROLE_##role, SIDE_##side                                                       \
	}

static const struct field_use uses[FIELD_ID_MAX] = {
	[FIELD_SOURCE_IP] = USE(ADDRESS, SOURCE),
	[FIELD_SOURCE_NAT_IP] = USE(ADDRESS, NONE),
	[FIELD_DESTINATION_IP] = USE(ADDRESS, DESTINATION),
	[FIELD_DESTINATION_NAT_IP] = USE(ADDRESS, NONE),
	[FIELD_CLIENT_IP] = USE(ADDRESS, CLIENT),
	[FIELD_SERVER_IP] = USE(ADDRESS, SERVER),
	[FIELD_NETWORK_FORWARDED_IP] = USE(LIST, NONE),
	[FIELD_DNS_RESOLVED_IP] = USE(LIST, NONE),
	[FIELD_SOURCE_PORT] = USE(PORT, SOURCE),
	[FIELD_DESTINATION_PORT] = USE(PORT, DESTINATION),
	[FIELD_CLIENT_PORT] = USE(PORT, CLIENT),
	[FIELD_SERVER_PORT] = USE(PORT, SERVER),
	[FIELD_SOURCE_ADDRESS] = USE(HOST, SOURCE),
	[FIELD_DESTINATION_ADDRESS] = USE(HOST, DESTINATION),
	[FIELD_CLIENT_ADDRESS] = USE(HOST, CLIENT),
	[FIELD_SERVER_ADDRESS] = USE(HOST, SERVER),
	[FIELD_SOURCE_DOMAIN] = USE(HOST, NONE),
	[FIELD_DESTINATION_DOMAIN] = USE(HOST, NONE),
	[FIELD_CLIENT_DOMAIN] = USE(HOST, NONE),
	[FIELD_SERVER_DOMAIN] = USE(HOST, NONE),
	[FIELD_DNS_QUESTION_NAME] = USE(HOST, NONE),
	[FIELD_DNS_ANSWERS_NAME] = USE(HOST, NONE),
	[FIELD_DNS_ANSWERS_DATA] = USE(LIST, NONE),
	[FIELD_TLS_CLIENT_SERVER_NAME] = USE(HOST, NONE),
	[FIELD_URL_DOMAIN] = USE(URL_HOST, NONE),
	[FIELD_URL_PORT] = USE(URL_PORT, NONE),
	[FIELD_URL_PATH] = USE(URL_PATH, NONE),
	[FIELD_URL_QUERY] = USE(URL_QUERY, NONE),
	[FIELD_URL_FULL] = USE(URL, NONE),
	[FIELD_URL_ORIGINAL] = USE(URL, NONE),
	[FIELD_HTTP_REQUEST_REFERRER] = USE(URL, NONE),
	[FIELD_FILE_HASH_MD5] = USE(HASH, NONE),
	[FIELD_FILE_HASH_SHA1] = USE(HASH, NONE),
	[FIELD_FILE_HASH_SHA256] = USE(HASH, NONE),
	[FIELD_FILE_HASH_SHA512] = USE(HASH, NONE),
	[FIELD_PROCESS_HASH_MD5] = USE(HASH, NONE),
	[FIELD_PROCESS_HASH_SHA1] = USE(HASH, NONE),
	[FIELD_PROCESS_HASH_SHA256] = USE(HASH, NONE),
	[FIELD_DLL_HASH_MD5] = USE(HASH, NONE),
	[FIELD_DLL_HASH_SHA1] = USE(HASH, NONE),
	[FIELD_DLL_HASH_SHA256] = USE(HASH, NONE),
	[FIELD_PROCESS_PE_IMPHASH] = USE(IMPHASH, NONE),
	[FIELD_FILE_PE_IMPHASH] = USE(IMPHASH, NONE),
	[FIELD_TLS_CLIENT_JA3] = USE(JA3, NONE),
	[FIELD_TLS_SERVER_JA3S] = USE(JA3S, NONE),
	[FIELD_EMAIL_FROM_ADDRESS] = USE(EMAIL, NONE),
	[FIELD_EMAIL_TO_ADDRESS] = USE(EMAIL, NONE),
	[FIELD_EMAIL_CC_ADDRESS] = USE(EMAIL, NONE),
	[FIELD_EMAIL_SENDER_ADDRESS] = USE(EMAIL, NONE),
	[FIELD_EMAIL_REPLY_TO_ADDRESS] = USE(EMAIL, NONE),
	[FIELD_USER_EMAIL] = USE(EMAIL, NONE),
	[FIELD_USER_AGENT_ORIGINAL] = USE(USER_AGENT, NONE),
	[FIELD_PROCESS_COMMAND_LINE] = USE(TEXT, NONE),
	[FIELD_PROCESS_PARENT_COMMAND_LINE] = USE(TEXT, NONE),
	[FIELD_POWERSHELL_FILE_SCRIPT_BLOCK_TEXT] = USE(TEXT, NONE),
	[FIELD_POWERSHELL_COMMAND_VALUE] = USE(TEXT, NONE),
};

/* Of ECS beyond the dictionary, Sysmon and Windows, Zeek, Suricata, W3C logs of web servers and
 * proxies. */
static const struct {
	struct slice name;
	struct field_use use;
} names[] = {
	{{SLICE_BYTES("related.ip")}, USE(LIST, NONE)},
	{{SLICE_BYTES("related.hosts")}, USE(LIST, NONE)},
	{{SLICE_BYTES("related.hash")}, USE(HASH, NONE)},
	{{SLICE_BYTES("process.hash.sha512")}, USE(HASH, NONE)},
	{{SLICE_BYTES("dll.hash.sha512")}, USE(HASH, NONE)},
	{{SLICE_BYTES("process.parent.hash.md5")}, USE(HASH, NONE)},
	{{SLICE_BYTES("process.parent.hash.sha1")}, USE(HASH, NONE)},
	{{SLICE_BYTES("process.parent.hash.sha256")}, USE(HASH, NONE)},
	{{SLICE_BYTES("email.attachments.file.hash.md5")}, USE(HASH, NONE)},
	{{SLICE_BYTES("email.attachments.file.hash.sha1")}, USE(HASH, NONE)},
	{{SLICE_BYTES("email.attachments.file.hash.sha256")}, USE(HASH, NONE)},
	{{SLICE_BYTES("email.bcc.address")}, USE(EMAIL, NONE)},

	{{SLICE_BYTES("SourceIp")}, USE(ADDRESS, SOURCE)},
	{{SLICE_BYTES("SourcePort")}, USE(PORT, SOURCE)},
	{{SLICE_BYTES("SourceAddress")}, USE(ADDRESS, SOURCE)},
	{{SLICE_BYTES("DestinationIp")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("DestinationPort")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("DestAddress")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("DestPort")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("DestinationHostname")}, USE(HOST, NONE)},
	{{SLICE_BYTES("IpAddress")}, USE(ADDRESS, NONE)},
	{{SLICE_BYTES("QueryName")}, USE(HOST, NONE)},
	{{SLICE_BYTES("QueryResults")}, USE(LIST, NONE)},
	{{SLICE_BYTES("Hashes")}, USE(HASHES, NONE)},
	{{SLICE_BYTES("Hash")}, USE(HASHES, NONE)},
	{{SLICE_BYTES("Imphash")}, USE(IMPHASH, NONE)},
	{{SLICE_BYTES("CommandLine")}, USE(TEXT, NONE)},
	{{SLICE_BYTES("ParentCommandLine")}, USE(TEXT, NONE)},
	{{SLICE_BYTES("ScriptBlockText")}, USE(TEXT, NONE)},
	{{SLICE_BYTES("RemoteAddress")}, USE(ADDRESS, NONE)},

	{{SLICE_BYTES("id.orig_h")}, USE(ADDRESS, SOURCE)},
	{{SLICE_BYTES("id.orig_p")}, USE(PORT, SOURCE)},
	{{SLICE_BYTES("id.resp_h")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("id.resp_p")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("query")}, USE(HOST, NONE)},
	{{SLICE_BYTES("answers")}, USE(LIST, NONE)},
	{{SLICE_BYTES("server_name")}, USE(HOST, NONE)},
	{{SLICE_BYTES("uri")}, USE(URL, NONE)},
	{{SLICE_BYTES("md5")}, USE(HASH, NONE)},
	{{SLICE_BYTES("sha1")}, USE(HASH, NONE)},
	{{SLICE_BYTES("sha256")}, USE(HASH, NONE)},
	{{SLICE_BYTES("ja3")}, USE(JA3, NONE)},
	{{SLICE_BYTES("ja3s")}, USE(JA3S, NONE)},
	{{SLICE_BYTES("mailfrom")}, USE(EMAIL, NONE)},
	{{SLICE_BYTES("reply_to")}, USE(EMAIL, NONE)},

	{{SLICE_BYTES("src_ip")}, USE(ADDRESS, SOURCE)},
	{{SLICE_BYTES("src_port")}, USE(PORT, SOURCE)},
	{{SLICE_BYTES("dest_ip")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("dest_port")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("dst_ip")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("dst_port")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("srcip")}, USE(ADDRESS, SOURCE)},
	{{SLICE_BYTES("srcport")}, USE(PORT, SOURCE)},
	{{SLICE_BYTES("dstip")}, USE(ADDRESS, DESTINATION)},
	{{SLICE_BYTES("dstport")}, USE(PORT, DESTINATION)},
	{{SLICE_BYTES("dns.rrname")}, USE(HOST, NONE)},
	{{SLICE_BYTES("dns.answers.rdata")}, USE(LIST, NONE)},
	{{SLICE_BYTES("dns.answers.rrname")}, USE(HOST, NONE)},
	{{SLICE_BYTES("tls.sni")}, USE(HOST, NONE)},
	{{SLICE_BYTES("tls.ja3.hash")}, USE(JA3, NONE)},
	{{SLICE_BYTES("tls.ja3s.hash")}, USE(JA3S, NONE)},
	{{SLICE_BYTES("http.hostname")}, USE(URL_HOST, NONE)},
	{{SLICE_BYTES("http.url")}, USE(URL, NONE)},
	{{SLICE_BYTES("http.http_user_agent")}, USE(USER_AGENT, NONE)},
	{{SLICE_BYTES("http.http_refer")}, USE(URL, NONE)},
	{{SLICE_BYTES("fileinfo.md5")}, USE(HASH, NONE)},
	{{SLICE_BYTES("fileinfo.sha1")}, USE(HASH, NONE)},
	{{SLICE_BYTES("fileinfo.sha256")}, USE(HASH, NONE)},

	{{SLICE_BYTES("c-ip")}, USE(ADDRESS, CLIENT)},
	{{SLICE_BYTES("r-ip")}, USE(ADDRESS, SERVER)},
	{{SLICE_BYTES("cs-host")}, USE(URL_HOST, NONE)},
	{{SLICE_BYTES("r-dns")}, USE(HOST, NONE)},
	{{SLICE_BYTES("c-uri")}, USE(URL, NONE)},
	{{SLICE_BYTES("cs-uri")}, USE(URL, NONE)},
	{{SLICE_BYTES("cs-uri-stem")}, USE(URL_PATH, NONE)},
	{{SLICE_BYTES("cs-uri-query")}, USE(URL_QUERY, NONE)},
	{{SLICE_BYTES("c-uri-stem")}, USE(URL_PATH, NONE)},
	{{SLICE_BYTES("c-uri-query")}, USE(URL_QUERY, NONE)},
	{{SLICE_BYTES("cs-referer")}, USE(URL, NONE)},
	{{SLICE_BYTES("cs-referrer")}, USE(URL, NONE)},
	{{SLICE_BYTES("cs(Referer)")}, USE(URL, NONE)},
	{{SLICE_BYTES("c-useragent")}, USE(USER_AGENT, NONE)},
	{{SLICE_BYTES("cs-user-agent")}, USE(USER_AGENT, NONE)},
	{{SLICE_BYTES("cs(User-Agent)")}, USE(USER_AGENT, NONE)},
};

struct field_use field_use_of(unsigned id)
{
	return id < FIELD_ID_MAX ? uses[id] : (struct field_use)USE(NONE, NONE);
}

/* "winlog.event_data.QueryName", "Event.EventData.QueryName" */
static struct slice without_frame(struct slice name)
{
	static const struct slice frames[] = {
		{SLICE_BYTES("event_data.")},
		{SLICE_BYTES("EventData.")},
	};

	for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
		size_t at = slice_search(name, frames[i]);

		if (at < name.len)
			return slice_from(name, at + frames[i].len);
	}
	return name;
}

struct field_use field_use_by_name(struct slice name)
{
	unsigned id = field_by_name(name);

	if (id != FIELD_NONE && uses[id].role != ROLE_NONE)
		return uses[id];
	name = without_frame(name);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (slice_eq(name, names[i].name))
			return names[i].use;
	}
	return (struct field_use)USE(NONE, NONE);
}
