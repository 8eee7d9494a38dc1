#include "collector/normalize/parsers.h"

const struct parser *const parsers[] = {
	&parser_rfc5424,
	&parser_mysql_audit,
	&parser_container,
	&parser_mysql,
	&parser_mysql_slow,
	&parser_mongodb,
	&parser_redis,
	&parser_mssql,
	&parser_oracle,
	&parser_tomcat,
	&parser_jboss,
	&parser_weblogic,
	&parser_windows_dns,
	&parser_dhcpd,
	&parser_webapps,
	&parser_ldap,
	&parser_ftp,
	&parser_openvpn,
	&parser_radius,
	&parser_unbound,
	&parser_bind,
	&parser_dpkg,
	&parser_apt,
	&parser_fail2ban,
	&parser_leveled,
	&parser_clamav,
	&parser_rfc3164,
	&parser_postgresql,
	&parser_auditd,
	&parser_exim,
	&parser_cef,
	&parser_leef,
	&parser_snare,
	&parser_trellix,
	&parser_windows_xml,
	&parser_windows_json,
	&parser_laurel,
	&parser_osquery,
	&parser_samba,
	&parser_modsecurity,
	&parser_traefik,
	&parser_caddy,
	&parser_nextcloud,
	&parser_gitlab,
	&parser_elasticsearch,
	&parser_gelf,
	&parser_citizen_lookup,
	&parser_antivirus_json,
	&parser_suricata,
	&parser_zeek,
	&parser_snort,
	&parser_json,
	&parser_iis,
	&parser_haproxy,
	&parser_squid,
	&parser_envoy,
	&parser_wireguard,
	&parser_ipsec,
	&parser_ppp,
	&parser_dnsmasq,
	&parser_powerdns,
	&parser_nginx,
	&parser_nginx_proxy,
	&parser_apache,
	&parser_nginx_error,
	&parser_apache_error,
	&parser_sshd,
	&parser_pam,
	&parser_sudo,
	&parser_sftp,
	&parser_login,
	&parser_su,
	&parser_cron,
	&parser_systemd,
	&parser_postfix,
	&parser_dovecot,
	&parser_accounts,
	&parser_daemons,
	&parser_netfilter,
	&parser_kernel,
	&parser_cisco_asa,
	&parser_cisco_ios,
	&parser_panos,
	&parser_filterlog,
	&parser_fortigate,
	&parser_symantec,
	&parser_kaspersky,
	&parser_antivirus,
	&parser_keyvalue,
	&parser_yara,
	&parser_agent,
	NULL,
};

const struct parser *parser_by_name(struct slice name)
{
	for (unsigned i = 0; parsers[i] != NULL; i++) {
		if (slice_eq(slice_str(parsers[i]->name), name))
			return parsers[i];
	}
	return NULL;
}

const struct parser *parser_by_number(unsigned number)
{
	for (unsigned i = 0; parsers[i] != NULL; i++) {
		if (parsers[i]->number == number)
			return parsers[i];
	}
	return NULL;
}
