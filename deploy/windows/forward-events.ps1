<#
.SYNOPSIS
    Makes this computer forward its events to the provincial collector. Nothing is installed.

.DESCRIPTION
    Run once as administrator, or as a start-up script of a GPO. What it does is what the GPO settings in
    README.md do, for computers without a domain:
      - NETWORK SERVICE, which forwards, may read the Security log and use the key of the certificate;
      - the service that forwards (WinRM) starts with the computer; it needs no listener and no open port;
      - it asks the collector which events to send, every -Refresh seconds.

.PARAMETER Collector
    Name of the collector, as in its certificate: soc.tinh.gov.vn

.PARAMETER IssuerCA
    Thumbprint (SHA-1, 40 hexadecimal digits) of the CA that issued this computer's certificate.

.EXAMPLE
    .\forward-events.ps1 -Collector soc.tinh.gov.vn -IssuerCA 9B1F...40D2
#>
#Requires -RunAsAdministrator
[CmdletBinding()]
param(
    [Parameter(Mandatory)] [ValidatePattern('^[A-Za-z0-9.-]+$')] [string] $Collector,
    [Parameter(Mandatory)] [ValidatePattern('^[0-9A-Fa-f]{40}$')] [string] $IssuerCA,
    [ValidateRange(1, 65535)] [int] $Port = 5986,
    [ValidateRange(30, 86400)] [int] $Refresh = 900
)
Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# S-1-5-20 is NETWORK SERVICE and S-1-5-32-573 Event Log Readers, whatever language Windows speaks.
$service = New-Object Security.Principal.SecurityIdentifier 'S-1-5-20'
$readers = (New-Object Security.Principal.SecurityIdentifier 'S-1-5-32-573').Translate(
    [Security.Principal.NTAccount]).Value.Split('\')[-1]
$account = $service.Translate([Security.Principal.NTAccount]).Value
net localgroup $readers $account /add 2>$null | Out-Null

# The certificate to show: of that CA, good now, with its key. The service has to read the key.
$certificate = Get-ChildItem Cert:\LocalMachine\My | Where-Object {
    $chain = New-Object Security.Cryptography.X509Certificates.X509Chain
    $chain.ChainPolicy.RevocationMode = 'NoCheck'
    [void] $chain.Build($_)
    $_.HasPrivateKey -and $_.NotAfter -gt (Get-Date) -and
        @($chain.ChainElements | ForEach-Object { $_.Certificate.Thumbprint }) -contains $IssuerCA.ToUpper()
} | Sort-Object NotAfter -Descending | Select-Object -First 1
if ($null -eq $certificate) {
    throw "no certificate with a key of the CA $IssuerCA is in LocalMachine\My: import it first (README.md, 1)"
}
$key = [Security.Cryptography.X509Certificates.RSACertificateExtensions]::GetRSAPrivateKey($certificate)
if ($null -eq $key) {
    $key = [Security.Cryptography.X509Certificates.ECDsaCertificateExtensions]::GetECDsaPrivateKey($certificate)
}
$file = @("$env:ProgramData\Microsoft\Crypto\Keys", "$env:ProgramData\Microsoft\Crypto\RSA\MachineKeys",
    "$env:ProgramData\Microsoft\Crypto\SystemKeys") |
    ForEach-Object { Join-Path $_ $key.Key.UniqueName } | Where-Object { Test-Path $_ } | Select-Object -First 1
if ($null -eq $file) { throw "the key of $($certificate.Subject) is in no file that could be shared" }
icacls $file /grant '*S-1-5-20:R' | Out-Null

# Which collector: the first free number, unless it stands there already.
$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\EventLog\EventForwarding\SubscriptionManager'
$value = "Server=https://${Collector}:$Port/wsman/SubscriptionManager/WEC,Refresh=$Refresh,IssuerCA=$($IssuerCA.ToUpper())"
New-Item -Path $policy -Force -ErrorAction SilentlyContinue | Out-Null
$names = @((Get-Item $policy).Property)
$name = $names | Where-Object { (Get-ItemProperty $policy).$_ -like "*//${Collector}:*" } | Select-Object -First 1
if (-not $name) { $name = 1; while ($names -contains "$name") { $name++ } }
Set-ItemProperty -Path $policy -Name "$name" -Value $value

Set-Service -Name WinRM -StartupType Automatic
Restart-Service -Name WinRM -Force
Write-Output "forwards to $Collector as $($certificate.Subject); look at Microsoft-Windows-Forwarding/Operational"
Write-Output 'if the Security log is missing (event 102, error 5), restart the computer once'
