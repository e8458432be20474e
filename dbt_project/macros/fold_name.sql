{#-
  Folds a name for comparing: no case, no punctuation, no accents on Latin and Greek letters; in other scripts a mark
  makes another letter and stays. The same rule as fold_name_sql in extract_load/core/text.py, held by a test.
-#}
{% macro fold_name(expression) -%}
    {%- set letters = "A-Za-z\\x{00AA}\\x{00BA}\\x{00C0}-\\x{00D6}\\x{00D8}-\\x{00F6}\\x{00F8}-\\x{02AF}\\x{0370}-\\x{0373}\\x{0376}-\\x{037D}\\x{037F}-\\x{03E1}\\x{1D00}-\\x{1DBF}\\x{1E00}-\\x{1FFF}\\x{2126}\\x{212A}\\x{212B}\\x{2C60}-\\x{2C7F}\\x{A722}-\\x{A787}\\x{A78B}-\\x{A7FF}\\x{AB30}-\\x{AB6A}" -%}
    {%- set accents = "\\x{0300}-\\x{036F}\\x{1AB0}-\\x{1AFF}\\x{1DC0}-\\x{1DFF}\\x{20D0}-\\x{20FF}\\x{FE20}-\\x{FE2F}" -%}
    {%- set invisible = "\\x{00AD}\\x{034F}\\x{061C}\\x{180B}-\\x{180F}\\x{200B}-\\x{200F}\\x{202A}-\\x{202E}\\x{2060}-\\x{206F}\\x{FE00}-\\x{FE0F}\\x{FEFF}" -%}
    {%- set simple = " -~\\x{00C0}-\\x{00D6}\\x{00D8}-\\x{00F6}\\x{00F8}-\\x{024F}\\x{2010}-\\x{2027}" -%}
    {%- set new_letters = "\\x{0CF3}\\x{0ECE}\\x{10EFD}-\\x{10EFF}\\x{1123F}-\\x{11241}\\x{11F00}-\\x{11F10}\\x{11F12}-\\x{11F3A}\\x{11F3E}-\\x{11F42}\\x{11F50}-\\x{11F59}\\x{1342F}\\x{13440}-\\x{13455}\\x{1B132}\\x{1B155}\\x{1D2C0}-\\x{1D2D3}\\x{1DF25}-\\x{1DF2A}\\x{1E030}-\\x{1E06D}\\x{1E08F}\\x{1E4D0}-\\x{1E4F9}\\x{20000}-\\x{3FFFD}" -%}
    {%- set is_simple -%} regexp_full_match({{ expression }}, '[{{ simple }}]*') {%- endset -%}
    {%- set runs -%}
        regexp_extract_all(
            nfc_normalize(regexp_replace({{ expression }}, '[{{ invisible }}]+', '', 'g')),
            '(?:[{{ letters }}][{{ accents }}]*)+|[^{{ letters }}]+'
        )
    {%- endset -%}
    {%- set plain -%}
        case
            when {{ is_simple }} then strip_accents({{ expression }})
            else array_to_string(
                list_transform(
                    case when {{ is_simple }} then [] else {{ runs }} end,
                    lambda run: case when regexp_matches(run, '^[{{ letters }}]') then strip_accents(run) else run end
                ),
                ''
            )
        end
    {%- endset -%}
    {%- set lowered -%} replace(lower({{ plain }}), 'ς', 'σ') {%- endset -%}
    coalesce(
        nullif(
            trim(
                regexp_replace(
                    regexp_replace({{ lowered }}, '[^\p{L}\p{M}\p{N}{{ new_letters }} ]+', ' ', 'g'), '  +', ' ', 'g'
                )
            ),
            ''
        ),
        trim(replace(lower(nfc_normalize({{ expression }})), 'ς', 'σ'), e' \t\n\r\f')
    )
{%- endmacro %}
