/* The one function of Windows' bcryptprimitives.dll that Rust's library needs, for a wine that has no such file. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) { return RtlGenRandom(data, (ULONG)length); }
