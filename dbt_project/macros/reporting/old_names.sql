{#-
  Keeps a renamed report under its old name, as a view, for one version: meta `formerly` names it. What an earlier version
  left there, a table or a view, is dropped first.
-#}
{% macro keep_old_name() -%}
    {%- set old_name = model.config.meta.get('formerly') -%}
    {%- if execute and old_name -%}
        {%- set old = adapter.get_relation(this.database, this.schema, old_name) -%}
        {%- if old %}
        drop {{ old.type }} if exists {{ old }} cascade;
        {%- endif %}
        create view {{ this.incorporate(path={'identifier': old_name}) }} as select * from {{ this }};
        comment on view {{ this.incorporate(path={'identifier': old_name}) }} is 'Now called {{ this.identifier }}.'
    {%- endif -%}
{%- endmacro %}
