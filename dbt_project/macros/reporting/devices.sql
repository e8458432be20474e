{#- The kind of device in the platform of an export, null where there is none. -#}
{% macro device_of(platform) -%}
    case
        when {{ platform }} is null then null
        when {{ platform }} ilike '%android%tv%' or {{ platform }} ilike '%tv%' then 'TV'
        when {{ platform }} ilike '%android%' then 'Android'
        when {{ platform }} ilike '%ios%' or {{ platform }} ilike '%iphone%' or {{ platform }} ilike '%ipad%' then 'iPhone or iPad'
        when {{ platform }} ilike '%web%player%' then 'web player'
        when {{ platform }} ilike '%partner%' or {{ platform }} ilike '%cast%' or {{ platform }} ilike '%sonos%' then 'speaker or other device'
        when {{ platform }} ilike '%windows%' then 'Windows'
        when {{ platform }} ilike '%os x%' or {{ platform }} ilike '%macos%' or {{ platform }} ilike '%osx%' then 'Mac'
        when {{ platform }} ilike '%linux%' then 'Linux'
        when {{ platform }} ilike '%playstation%' or {{ platform }} ilike '%xbox%' then 'game console'
        else 'speaker or other device'
    end
{%- endmacro %}
