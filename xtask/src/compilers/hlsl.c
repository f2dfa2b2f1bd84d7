// Compiles many HLSL files by one compiler's DLL, as wgpu calls it.
//
//   hlsl fxc|dxc DLL LIST
//
// LIST has a line a file: number, path and entry point, tabs between. A line of answer for each: number, "ok" or "no", warnings, milliseconds, and what
// the compiler says of errors. The first line of answer is the DLL's version.
#define COBJMACROS
#include <windows.h>
#include <d3dcompiler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// dxcapi.h, as far as it is used here: mingw has none.
typedef struct { const void *data; SIZE_T size; UINT encoding; } Source;
typedef struct Blob Blob;
typedef struct {
  HRESULT(WINAPI *query)(Blob *, REFIID, void **);
  ULONG(WINAPI *add)(Blob *);
  ULONG(WINAPI *release)(Blob *);
  void *(WINAPI *data)(Blob *);
  SIZE_T(WINAPI *size)(Blob *);
} BlobTable;
struct Blob { BlobTable *table; };
typedef struct Result Result;
typedef struct {
  HRESULT(WINAPI *query)(Result *, REFIID, void **);
  ULONG(WINAPI *add)(Result *);
  ULONG(WINAPI *release)(Result *);
  HRESULT(WINAPI *status)(Result *, HRESULT *);
  HRESULT(WINAPI *result)(Result *, Blob **);
  HRESULT(WINAPI *errors)(Result *, Blob **);
} ResultTable;
struct Result { ResultTable *table; };
typedef struct Compiler Compiler;
typedef struct {
  HRESULT(WINAPI *query)(Compiler *, REFIID, void **);
  ULONG(WINAPI *add)(Compiler *);
  ULONG(WINAPI *release)(Compiler *);
  HRESULT(WINAPI *compile)(Compiler *, const Source *, LPCWSTR *, UINT, void *, REFIID, void **);
} CompilerTable;
struct Compiler { CompilerTable *table; };
static const GUID CLASS = {0x73e22d93, 0xe6ce, 0x47f3, {0xb5, 0xbf, 0xf0, 0x66, 0x4f, 0x39, 0xc1, 0xb0}};
static const GUID COMPILER = {0x228b4687, 0x5a6a, 0x4730, {0x90, 0x0c, 0x97, 0x02, 0xb2, 0x20, 0x3f, 0x54}};
static const GUID RESULT = {0x58346cda, 0xdde7, 0x4497, {0x94, 0x61, 0x6f, 0x87, 0xaf, 0x5e, 0x06, 0x59}};
typedef HRESULT(WINAPI *Create)(REFIID, REFIID, void **);

static void version(const char *path) {
  static char block[1 << 16];
  VS_FIXEDFILEINFO *info;
  UINT size;
  if (GetFileVersionInfoA(path, 0, sizeof block, block) && VerQueryValueA(block, "\\", (void **)&info, &size))
    printf("%u.%u.%u.%u\n", (unsigned)HIWORD(info->dwFileVersionMS), (unsigned)LOWORD(info->dwFileVersionMS),
           (unsigned)HIWORD(info->dwFileVersionLS), (unsigned)LOWORD(info->dwFileVersionLS));
  else
    printf("of unknown version\n");
  fflush(stdout);
}

static char *whole(const char *path, SIZE_T *size) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  *size = (SIZE_T)ftell(file);
  rewind(file);
  char *text = malloc(*size + 1);
  *size = fread(text, 1, *size, file);
  fclose(file);
  return text;
}

static void answer(const char *number, int ok, const char *said, SIZE_T size, DWORD began) {
  int warnings = 0;
  for (SIZE_T at = 0; at + 8 < size; at++) warnings += !memcmp(said + at, "warning ", 8) || !memcmp(said + at, "warning:", 8);
  printf("%s\t%s\t%d\t%lu\t", number, ok ? "ok" : "no", warnings, (unsigned long)(GetTickCount() - began));
  // From the first error on: warnings come before it.
  SIZE_T from = 0;
  while (from + 5 < size && memcmp(said + from, "error", 5)) from++;
  for (SIZE_T at = from + 5 < size ? from : 0, end = at + 1000; !ok && at < size && at < end && said[at]; at++)
    putchar(said[at] == '\n' || said[at] == '\r' || said[at] == '\t' ? ' ' : said[at]);
  printf("\n");
  fflush(stdout);
}

int main(int count, char **words) {
  if (count != 4) return 2;
  int dxc = !strcmp(words[1], "dxc");
  HMODULE dll = LoadLibraryA(words[2]);
  if (!dll) return fprintf(stderr, "%s could not be loaded\n", words[2]), 3;
  version(words[2]);
  pD3DCompile fxc = dxc ? NULL : (pD3DCompile)(void *)GetProcAddress(dll, "D3DCompile");
  Compiler *compiler = NULL;
  if (dxc) {
    Create create = (Create)(void *)GetProcAddress(dll, "DxcCreateInstance");
    if (!create || FAILED(create(&CLASS, &COMPILER, (void **)&compiler))) return fprintf(stderr, "no compiler in it\n"), 3;
  }
  if (!dxc && !fxc) return fprintf(stderr, "no compiler in it\n"), 3;

  FILE *list = fopen(words[3], "r");
  if (!list) return fprintf(stderr, "no list\n"), 3;
  static char line[4096];
  while (fgets(line, sizeof line, list)) {
    char *number = strtok(line, "\t\n"), *path = strtok(NULL, "\t\n"), *entry = strtok(NULL, "\t\n");
    if (!entry) continue;
    DWORD began = GetTickCount();
    SIZE_T size = 0;
    char *text = whole(path, &size);
    if (!text) {
      answer(number, 0, "it could not be read", 20, began);
      continue;
    }
    if (dxc) {
      WCHAR wide[256];
      MultiByteToWideChar(CP_UTF8, 0, entry, -1, wide, 256);
      LPCWSTR arguments[] = {L"-E", wide, L"-T", L"cs_6_0", L"-HV", L"2018", L"-Ges"};
      Source source = {text, size, CP_UTF8};
      Result *result = NULL;
      HRESULT made = compiler->table->compile(compiler, &source, arguments, 7, NULL, &RESULT, (void **)&result), status = made;
      Blob *errors = NULL;
      if (SUCCEEDED(made)) result->table->status(result, &status), result->table->errors(result, &errors);
      answer(number, SUCCEEDED(status), errors ? errors->table->data(errors) : "", errors ? errors->table->size(errors) : 0, began);
      if (errors) errors->table->release(errors);
      if (result) result->table->release(result);
    } else {
      ID3DBlob *code = NULL, *errors = NULL;
      HRESULT status = fxc(text, size, number, NULL, NULL, entry, "cs_5_1", D3DCOMPILE_ENABLE_STRICTNESS, 0, &code, &errors);
      answer(number, SUCCEEDED(status), errors ? ID3D10Blob_GetBufferPointer(errors) : "", errors ? ID3D10Blob_GetBufferSize(errors) : 0, began);
      if (errors) ID3D10Blob_Release(errors);
      if (code) ID3D10Blob_Release(code);
    }
    free(text);
  }
  return 0;
}
