# What jq 1.7 has and jaq lacks, or has otherwise. Names with @ are out of reach of users.

# Nothing is written anywhere.
def debug: .;
def debug(msgs): .;
def stderr: .;

def have_literal_numbers: true;
def have_decnum: false;
def toarray: if isarray then . else [.] end;
def ascii: [.] | implode;

def IN(s): . as $x | any(s; . == $x);
def IN(source; s): any(source as $x | any(s; . == $x); .);
def INDEX(stream; f): reduce stream as $x ({}; . + {($x | f | tostring): $x});
def INDEX(f): INDEX(.[]; f);

# Texts
def reverse: if . == null then [] elif isstring then explode | @reverse | implode else @reverse end;
def ltrimstr($s): if isstring and ($s | isstring) and startswith($s) then .[$s | length:] end;
def rtrimstr($s):
  if isstring and ($s | isstring) and $s != "" and endswith($s) then .[:-($s | length)] end;
def trimstr($s): ltrimstr($s) | rtrimstr($s);
def @joined: if . == null then "" else tostring end;
def join($s):
  if length == 0 then ""
  else reduce .[1:][] as $x (.[0] | @joined; . + $s + ($x | @joined)) end;

# Regular expressions
def match($re; $flags): @match($re; $flags)[];
def match($re): if ($re | isarray) then match($re[0]; $re[1]) else match($re; null) end;
def test($re; $flags): @match($re; $flags) | length > 0;
def test($re): if ($re | isarray) then test($re[0]; $re[1]) else test($re; null) end;
def @named: reduce (.captures[] | select(.name != null)) as $c ({}; . + {($c.name): $c.string});
def capture($re; $flags): match($re; $flags) | @named;
def capture($re): match($re) | @named;
def scan($re; $flags):
  match($re; "g" + $flags)
  | if (.captures | length) > 0 then [.captures[].string] else .string end;
def scan($re): if ($re | isarray) then scan($re[0]; $re[1]) else scan($re; null) end;
def splits($re; $flags):
  . as $text
  | foreach (match($re; "g" + $flags), null) as $m ({at: 0};
      if $m == null then .piece = $text[.at:]
      else .piece = $text[.at:$m.offset] | .at = $m.offset + $m.length end;
      .piece);
def splits($re): if ($re | isarray) then splits($re[0]; $re[1]) else splits($re; null) end;
def split($re; $flags): [splits($re; $flags)];
def sub($re; f; $flags):
  . as $text
  | reduce match($re; $flags) as $m ({at: 0, done: ""};
      .done += $text[.at:$m.offset] + ($m | @named | f) | .at = $m.offset + $m.length)
  | .done + $text[.at:];
def sub($re; f): sub($re; f; null);
def gsub($re; f; $flags): sub($re; f; "g" + $flags);
def gsub($re; f): sub($re; f; "g");

# Paths
def leaf_paths: paths(scalars);
def del(f): delpaths([path(f)]);
def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));
def tostream:
  def go($p):
    if (isarray or isobject) and length > 0 then
      keys_unsorted as $keys
      | ($keys[] as $k | .[$k] | go($p + [$k])), [$p + [$keys[-1]]]
    else [$p, .] end;
  go([]);
def fromstream(events):
  foreach events as $e ({};
    (if .whole then {} end)
    | if ($e | length) > 1 then .value |= setpath($e[0]; $e[1]) | .whole = ($e[0] == [])
      else .whole = (($e[0] | length) == 1) end;
    if .whole then .value else empty end);
def truncate_stream(events): . as $n | events | select((.[0] | length) > $n) | .[0] |= .[$n:];
def truncate_stream($n; events): events | select((.[0] | length) > $n) | .[0] |= .[$n:];

# Objects
def from_entries:
  reduce .[] as $e ({};
    ($e | if .key != null then .key elif .k != null then .k elif .name != null then .name
          elif .Name != null then .Name elif .Key != null then .Key elif .K != null then .K
          elif .key == false or .k == false then false else null end) as $k
    | ($e | if has("value") then .value elif has("v") then .v else .Value end) as $v
    | . + {($k | if isstring then . else tostring end): $v});
def with_entries(f): to_entries | map(f) | from_entries;

# Time; there is no local time zone
def @instant:
  if isnumber and . >= -62167219200 and . <= 253402300799 then .
  else error("cannot read \(tojson | .[:64]) as a time") end;
def @calendar:
  if isarray and length >= 6 and all(.[:6][]; isnumber and . >= 0 and . <= 9999) and .[1] <= 11 then .
  else error("cannot read \(tojson | .[:64]) as a calendar time") end;
def gmtime: @instant | @gmtime;
def localtime: gmtime;
def mktime: @calendar | @mktime;
def @format($f): if isarray then @calendar else @instant end | @strftime($f);
def strftime($f): @format($f);
def strflocaltime($f): @format($f);
def strptime($f):
  if ($f | isstring) and ($f | test("%:?Q")) then error("time zones by name are not available")
  else @strptime($f) end;
def todateiso8601: if isarray then mktime end | @instant | @todateiso8601;
def todate: todateiso8601;
def date: todateiso8601;
def fromdate: fromdateiso8601;
def dateadd($unit; $n): . + $n;
def datesub($unit; $n): . - $n;

# Arrays
def transpose: . as $rows | [range(map(length) | max // 0) as $at | [$rows[][$at]]];

# Numbers
def nearbyint: rint;

# Formats
def @base64d: tostring | . + "=" * ((4 - length % 4) % 4) | decode_base64;
def @replaced($from; $to): . / $from | join($to);
def @sh:
  [if isarray then .[] end
   | if isstring then "'" + escape_sh + "'"
     elif isarray or isobject then error("an array or object cannot be an argument of a shell")
     else tostring end]
  | join(" ");
def @csv:
  if isarray | not then error("only an array can be a row of CSV")
  else map(
      if . == null then ""
      elif isboolean or isnumber then tostring
      elif isstring then "\"" + @replaced("\""; "\"\"") + "\""
      else error("an array or object cannot be in a row of CSV") end)
    | join(",") end;
def @tsv:
  if isarray | not then error("only an array can be a row of TSV")
  else map(
      if . == null then ""
      elif isboolean or isnumber then tostring
      elif isstring then
        @replaced("\\"; "\\\\") | @replaced("\t"; "\\t") | @replaced("\n"; "\\n") | @replaced("\r"; "\\r")
      else error("an array or object cannot be in a row of TSV") end)
    | join("\t") end;
