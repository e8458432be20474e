{#- The key is the number of the hash, and of one hash only: two things with one number would be counted as one. -#}
{% test key_of_hash(model, key, hash) %}
select {{ key }}
from {{ model }}
group by {{ key }}
having count(distinct {{ hash }}) <> 1 or bool_or({{ key }} is distinct from {{ key_of_hash(hash) }})
{% endtest %}
